"""The search has equal budgets, goes on where it stopped, and writes what generate reads."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from PIL import Image, ImageStat

from generate.tune import main
from negjudge.data.records import Sample, read_records
from negjudge.data.runs import HISTORY
from negjudge.errors import NegjudgeError
from negjudge.generation.settings import read_settings, write_settings
from negjudge.oracle.outcomes import Outcome
from negjudge.tuning.objective import Bench, Contestant, Search
from negjudge.tuning.readers import Reader
from negjudge.tuning.search import best_of, search, search_all, summarise
from negjudge.tuning.trials import Trial

SPACES = {
    "cfg": {"scale": [1.5, 9, 0.5]},
    "vsf": {"scale": [0, 6, 0.25], "offset": [0, 4, 0.25]},
    "nasa": {"scale": [0, 0.8, 0.1]},
}
CONTESTANTS = {name: Contestant(name, name, space) for name, space in SPACES.items()}


@dataclass(frozen=True)
class Seen:
    object: str | None
    parts: tuple[str, ...]


def read_colours(paths: list[Path]) -> list[Seen]:
    """A reader that guidance can please: there are wheels where the left is redder than the right."""
    return [_read(path) for path in paths]


READER = Reader("colours", lambda paths, samples: read_colours(paths))


def _read(path: Path) -> Seen:
    with Image.open(path) as image:
        left, right = (ImageStat.Stat(image.crop(box)).mean for box in ((0, 0, 16, 32), (16, 0, 32, 32)))
    parts = ("wheels", "lid", "spout") if left[0] > right[0] else ("handle",)
    return Seen("bicycle" if left[1] > right[1] - 10 else None, parts)


@pytest.fixture
def bench(model, pairs, rendering, tmp_path):
    return Bench(model, list(pairs.values())[:3], 2, rendering, READER, Search(trials=2), tmp_path)


def with_search(bench, trials, sampler_seed=0, **changes):
    """The same bench under another search."""
    return dataclasses.replace(bench, search=Search(trials, sampler_seed), **changes)


def test_budgets_are_equal_in_settings_and_evaluations(bench):
    found = search_all(with_search(bench, 4), list(CONTESTANTS.values()))
    trials = read_records(bench.folder / HISTORY, Trial)
    assert list(found) == list(SPACES)
    for method in SPACES:
        mine = [trial for trial in trials if trial.method == method]
        assert [trial.number for trial in mine] == [0, 1, 2, 3]
        assert {trial.evaluations for trial in mine} == {3 * 2 * bench.rendering.steps}
        assert {trial.pictures for trial in mine} == {3 if method == "cfg" else 6}
        assert [trial.best for trial in mine] == [max(t.success for t in mine[: n + 1]) for n in range(4)]
        assert best_of(found[method]).success == mine[-1].best
        for trial in mine:
            for name, value in trial.params.items():
                low, high, step = SPACES[method][name]
                assert low <= value <= high
                assert (value - low) / step == pytest.approx(round((value - low) / step))


def test_fixed_settings_are_those_of_every_trial_and_of_the_settings_file(bench, tmp_path):
    fixed = {"vsf": {"padding": "full"}}
    padded = dataclasses.replace(bench, folder=tmp_path / "padded")
    contestants = [Contestant(m, m, SPACES[m], fixed.get(m, {})) for m in ("vsf", "nasa")]
    best = {name: best_of(trials) for name, trials in search_all(padded, contestants).items()}
    made = read_records(tmp_path / "padded/trials/vsf-000/samples.jsonl", Sample)
    assert {sample.params["padding"] for sample in made} == {"full"}
    settings = tmp_path / "settings.yaml"
    whole = {c.name: {**best[c.name].params, **c.fixed} for c in contestants}
    write_settings(settings, whole, padded.provenance(), padded.folder / HISTORY)
    found = read_settings(settings, ["vsf", "nasa"])
    assert found["vsf"].padding == "full"
    assert found["vsf"].scale == best["vsf"].params["scale"]
    with pytest.raises(NegjudgeError, match="history of another search"):
        list(search(padded, CONTESTANTS["vsf"]))


def test_words_are_chosen_among_and_stand_in_every_picture(bench):
    contestant = Contestant("nasa", "nasa", {"scale": [0, 0.8, 0.1], "padding": ["none", "full"]})
    bench = with_search(bench, 8)
    trials = list(search(bench, contestant))
    assert {trial.params["padding"] for trial in trials} == {"none", "full"}
    for trial in trials:
        made = read_records(bench.folder / f"trials/nasa-{trial.number:03d}/samples.jsonl", Sample)
        assert {sample.params["padding"] for sample in made} == {trial.params["padding"]}
    assert f"padding {trials[0].params['padding']}" in trials[0].summary()
    assert list(search(bench, contestant)) == trials


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            {"scale": [0, 0.8]},
            r"spaces: nasa.scale is \[0, 0.8\], expected \[lowest, highest, step\] or words",
        ),
        ({"scale": [1, 0, 0.1]}, r"spaces: nasa.scale is \[1, 0, 0.1\], expected"),
        ({"padding": ["none"]}, r"spaces: nasa.padding is \['none'\], expected"),
        ({"padding": ["none", "none"]}, "spaces: nasa.padding is"),
        ({"padding": ["none", "half"]}, "spaces: nasa: NASA's padding is 'half', expected one of none, full"),
        ({"scale": [-1, 2, 0.5]}, "spaces: nasa: NASA's scale is -1, expected"),
        ({"scales": [0, 2, 0.5]}, "spaces: nasa: guidance method 'nasa' has no setting 'scales'"),
        ({}, "spaces: nasa is empty; name a parameter to search"),
    ],
)
def test_a_space_that_is_none_is_refused_before_a_picture_is_made(bench, space, message):
    with pytest.raises(NegjudgeError, match=message):
        search_all(bench, [CONTESTANTS["vsf"], Contestant("nasa", "nasa", space)])
    assert not (bench.folder / "trials").exists()


def test_every_dev_pair_is_seen_alike_and_rates_come_from_the_pictures(bench):
    trial = next(search(bench, CONTESTANTS["cfg"]))
    samples = read_records(bench.folder / "trials/cfg-000/samples.jsonl", Sample)
    assert sorted(sample.pair for sample in samples) == sorted(pair.id for pair in bench.pairs)
    seen = read_colours([bench.folder / "trials/cfg-000" / sample.image for sample in samples])
    kept = [r.object == s.object for r, s in zip(seen, samples, strict=True)]
    assert trial.kept == pytest.approx(sum(kept) / 3)
    assert {sample.params["scale"] for sample in samples} == {trial.params["scale"]}


def test_a_stopped_search_goes_on_as_if_it_had_not(bench, tmp_path):
    whole = list(search(with_search(bench, 5), CONTESTANTS["vsf"]))
    half = with_search(bench, 5, folder=tmp_path / "half")
    stopped = search(half, CONTESTANTS["vsf"])
    for _ in range(3):
        next(stopped)
    stopped.close()
    assert list(search(half, CONTESTANTS["vsf"])) == whole
    assert len(read_records(half.folder / HISTORY, Trial)) == 5


def test_no_setting_is_tried_twice_while_others_are_left(bench, tmp_path):
    few = Contestant("nasa", "nasa", {"scale": [0, 0.4, 0.2], "padding": ["none", "full"]})
    bench = with_search(bench, 7)
    found = [tuple(trial.params.values()) for trial in search(bench, few)]
    assert len(found) == 7
    assert set(found[:6]) == {(scale, padding) for scale in (0, 0.2, 0.4) for padding in ("none", "full")}
    assert list(search(bench, few))[-1].params == dict(zip(few.space, found[-1], strict=True))
    again = with_search(bench, 7, folder=tmp_path / "again")
    free = dataclasses.replace(again, search=Search(7, repeats=True))
    freely = [tuple(trial.params.values()) for trial in search(free, few)]
    assert len(set(freely)) < 6
    with pytest.raises(NegjudgeError, match="another search"):
        next(search(again, few))


def test_the_history_of_another_search_is_refused(bench):
    list(search(bench, CONTESTANTS["nasa"]))
    with pytest.raises(NegjudgeError, match="another search"):
        list(search(bench, Contestant("nasa", "nasa", {"scale": [0, 0.5, 0.1]})))


def test_the_seed_of_the_sampler_decides_the_settings(bench, tmp_path):
    benches = with_search(bench, 3), with_search(bench, 3, 1, folder=tmp_path / "other")
    here, there = (list(search(one, CONTESTANTS["vsf"])) for one in benches)
    assert [t.params for t in here] != [t.params for t in there]


def test_ties_go_to_the_least_collateral_and_then_to_the_earliest():
    def trial(number, success, collateral):
        return Trial("vsf", number, {}, 4, 8, success, 1.0, success, collateral, success, "")

    trials = [trial(0, 0.5, 0.0), trial(1, 0.7, 0.4), trial(2, 0.7, 0.1), trial(3, 0.7, 0.1)]
    assert min(trials, key=lambda t: t.rank).number == 2


def test_collateral_is_the_mean_where_there_was_something_to_lose():
    outcomes = [
        Outcome(True, True, True, 0.5),
        Outcome(True, False, False, None),
        Outcome(False, True, False, 1.0),
    ]
    rates = summarise(outcomes)
    assert rates == pytest.approx({"success": 1 / 3, "kept": 2 / 3, "removed": 2 / 3, "collateral": 0.75})


@pytest.mark.parametrize("values", [[0, 1], [1, 0, 0.1], [0, 1, 0]])
def test_a_space_that_is_no_range_is_named(bench, values):
    with pytest.raises(NegjudgeError, match=r"nasa\.scale"):
        list(search(bench, Contestant("nasa", "nasa", {"scale": values})))


@pytest.fixture
def recipe(recipe_values, tmp_path, monkeypatch):
    """A recipe with the reader above, under a name that can be imported."""
    (tmp_path / "colour_reader.py").write_text(Path(__file__).read_text())
    monkeypatch.syspath_prepend(tmp_path)
    keys = ("pairs", "splits", "model", "steps", "width", "height", "batch_size", "arguments")
    values = {key: recipe_values[key] for key in keys} | {
        "run": str(tmp_path / "tune"),
        "output": str(tmp_path / "found.yaml"),
        "spaces": SPACES,
        "dev": {"splits": ["methods/dev"], "seeds": 2},
        "trials": 3,
        "reader": "colour_reader:read_colours",
    }
    path = tmp_path / "tune.yaml"
    path.write_text(yaml.safe_dump(values))
    return ["--config", str(path)]


def test_what_is_found_is_what_generate_reads(recipe, tmp_path, capsys):
    assert main(recipe) == 0
    assert f"settings in {tmp_path / 'found.yaml'}" in capsys.readouterr().out
    methods = read_settings(tmp_path / "found.yaml", ["none", *SPACES])
    found = yaml.safe_load((tmp_path / "found.yaml").read_text())["search"]
    history = [json.loads(line) for line in (tmp_path / "tune" / HISTORY).read_text().splitlines()]
    for name in SPACES:
        best = next(
            t for t in history if t["method"] == name and t["number"] == found["best"][name]["number"]
        )
        assert methods[name].params.items() >= best["params"].items()
    assert found["denoiser_evaluations"] == 3 * 2 * 2 * 2  # trials, pairs, seeds, steps
    assert found["revision"].startswith("sha256-")
    assert (tmp_path / "found.jsonl").read_bytes() == (tmp_path / "tune" / HISTORY).read_bytes()
    before = (tmp_path / "found.yaml").read_bytes()
    assert main(recipe) == 0
    assert (tmp_path / "found.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--reader", "colour_reader:nothing"], "'reader'"),
        (["--dev.seeds", "3"], "even number of seeds"),
        (["--trails", "3"], "'trails'"),
        (["--spaces", "{vsf: {scale: [0, 1, 0.1], shift: [0, 1, 0.1]}}"], "'shift'"),
    ],
)
def test_bad_input_ends_in_one_line(recipe, capsys, flags, fault):
    assert main([*recipe, *flags]) == 2
    error = capsys.readouterr().err.splitlines()
    assert error[-1].startswith("error: ")
    assert fault in error[-1]


def test_the_recipe_holds_known_keys_alone():
    from generate.tune import Recipe
    from negjudge.recipes import load_recipe

    loaded = load_recipe(Recipe, ["--config", "generate/recipes/mini-tune.yaml"])
    assert set(loaded.spaces) == {"cfg", "vsf", "nag", "nasa"}


def test_more_trials_than_a_method_has_settings_are_refused_before_the_first(bench):
    contestants = [CONTESTANTS["vsf"], Contestant("nasa", "nasa", {"scale": [0, 0.8, 0.4]})]
    with pytest.raises(NegjudgeError, match="spaces: nasa has 3 settings, fewer than the 4 to try of each"):
        search_all(with_search(bench, 4), contestants)
    assert not (bench.folder / HISTORY).exists()
