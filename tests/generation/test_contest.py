"""A contest on a tiny real pipeline: equal budgets, frozen before test, resumed, and never frozen twice."""

import dataclasses
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from PIL import Image, ImageStat

from eval.card import main as card
from eval.contest import main
from eval.report import main as report
from eval.run import main as measure_run
from negjudge.cli.main import main as negjudge
from negjudge.contest.pareto import frontier_of
from negjudge.contest.recipe import ContestRecipe, Entry
from negjudge.contest.stage import hold, settings_of
from negjudge.data.records import Sample, read_records
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.evidence import gather
from negjudge.evaluation.stage import measure
from negjudge.publishing.card import write_card
from negjudge.recipes import load_recipe
from negjudge.tuning.frozen import FROZEN, Chosen, Frozen, freeze, read_frozen
from negjudge.tuning.search import best_of
from negjudge.tuning.trials import Trial

RECIPES = sorted(Path("eval/recipes/contest").glob("*.yaml"))


@dataclass(frozen=True)
class Seen:
    object: str | None
    parts: tuple[str, ...]
    residual: float = 0.1
    difficulty: float = 0.0


def read_colours(paths):
    """A reader that guidance can please: there are wheels where the left is redder than the right."""
    return [_read(path) for path in paths]


def _read(path):
    with Image.open(path) as image:
        left, right = (ImageStat.Stat(image.crop(box)).mean for box in ((0, 0, 16, 32), (16, 0, 32, 32)))
    return Seen("bicycle", ("wheels", "seat", "lid") if left[0] > right[0] else ("seat", "lid"))


@pytest.fixture
def recipe_file(recipe_values, tmp_path, monkeypatch):
    (tmp_path / "contest_reader.py").write_text(Path(__file__).read_text())
    monkeypatch.syspath_prepend(tmp_path)
    keys = ("model", "steps", "width", "height", "batch_size", "arguments")
    values = {key: recipe_values[key] for key in ("pairs", "splits")} | {
        "run": str(tmp_path / "contest"),
        "generator": {key: recipe_values[key] for key in keys},
        "contestants": {
            "cfg": {"method": "cfg", "space": {"scale": [1.5, 9, 0.5]}},
            "vsf": {"method": "vsf", "space": {"scale": [0, 6, 0.25]}},
            "VSF with offset": {"method": "vsf", "space": {"scale": [0, 6, 0.25]}, "fixed": {"offset": 1.0}},
        },
        "trials": 3,
        "dev_seeds": 2,
        "test_seeds": 3,
        "frontier": 2,
        "frontier_seeds": 2,
        "control_seeds": 1,
        "matched": [{"measure": "kept", "at": 0.9}],
        "reader": "contest_reader:read_colours",
        "draws": 40,
        "note": "A test.",
        "card": {"licence": "apache-2.0"},
    }
    path = tmp_path / "contest.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


REAL = {"pairs": "data/mini/pairs.jsonl", "splits": "data/mini/splits.json"}
FEW = {"draws": 100, "trials": 1, "test_seeds": 1, "frontier": 1, "frontier_seeds": 1, "control_seeds": 0}


@pytest.fixture
def recipe(recipe_file):
    return load_recipe(ContestRecipe, ["--config", str(recipe_file)])


def test_what_is_frozen_is_what_is_tested_and_measured(recipe, tmp_path):
    run = tmp_path / "contest"
    frozen = hold(recipe, run).frozen
    assert list(frozen.contestants) == ["cfg", "vsf", "VSF with offset"]
    assert all(len(chosen.settings) == 2 for chosen in frozen.contestants.values())
    tried = read_records(run / "tune/tuning.jsonl", Trial)
    assert len({trial.evaluations for trial in tried}) == 1
    for name, chosen in frozen.contestants.items():
        best = best_of(t for t in tried if t.method == name)
        assert chosen.settings[0].items() >= best.params.items()
    samples = read_records(run / "samples.jsonl", Sample)
    assert len(samples) == 3 * 3 * (1 + len(settings_of(frozen)[0]))
    assert {s.pair for s in samples} == {"bicycle-wheels", "bicycle-seat", "bicycle-rear-basket"}

    metrics = measure(gather(recipe, run), recipe)
    table = {row.method: row for row in metrics.methods["oracle"]}
    assert list(table) == ["none", "cfg", "vsf", "VSF with offset"]
    assert [row.evaluations for row in table.values()] == [2, 4, 2, 2]
    assert table["VSF with offset"].params["offset"] == 1.0
    contest = metrics.contest
    assert (contest.source, contest.digest) == ("oracle", frozen.digest)
    assert len(contest.frontiers.points) == 6
    assert contest.frontiers.pictures == 3 * 2
    (matched,) = contest.frontiers.matched
    assert [held.method for held in matched.rates] == list(frozen.contestants)
    curve = [row for row in contest.best_of if (row.method, row.picker) == ("cfg", "oracle")]
    assert [(row.n, row.evaluations) for row in curve] == [(1, 4), (2, 8), (3, 12)]
    assert curve[0].success.estimate == pytest.approx(table["cfg"].success.estimate)
    assert [row.method for row in contest.cost.rows] == list(table)
    assert contest.cost.rows[0].ratio.estimate == 1.0


def test_it_goes_on_where_it_stopped_and_does_nothing_twice(recipe, tmp_path):
    run = tmp_path / "contest"
    hold(recipe, run)
    files = [run / name for name in ("frozen.json", "cost.json", "samples.jsonl", "frontier/samples.jsonl")]
    before = [file.read_bytes() for file in files]
    lines = (run / "samples.jsonl").read_bytes().splitlines(keepends=True)
    (run / "samples.jsonl").write_bytes(
        b"".join(lines[:-4]) + lines[-4][:30]
    )  # killed in the midst of a line
    history = (run / "tune/tuning.jsonl").read_bytes()
    again = hold(recipe, run)
    assert (again.chosen.new, again.frontier.new, again.control.new) == (4, 0, 0)
    assert [sorted(file.read_bytes().splitlines()) for file in files] == [
        sorted(b.splitlines()) for b in before
    ]
    assert (run / "tune/tuning.jsonl").read_bytes() == history


def test_other_settings_than_the_frozen_ones_are_refused(recipe, tmp_path):
    run = tmp_path / "contest"
    hold(recipe, run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    more = recipe.contestants | {"nasa": Entry(method="nasa", space={"scale": [0, 1, 0.5]})}
    fewer = json.loads(Path(recipe.splits).read_text())
    fewer["methods"]["test"].pop()
    (tmp_path / "fewer.json").write_text(json.dumps(fewer))
    texts = [json.loads(line) for line in Path(recipe.pairs).read_text().splitlines()]
    worded = [pair | {"prompt": pair["prompt"] + " at night"} for pair in texts]
    (tmp_path / "worded.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in worded))
    for change in (
        {"frontier": 1}, {"test_seeds": 4}, {"control_seeds": 2}, {"matched": []}, {"trials": 4},
        {"contestants": more}, {"splits": str(tmp_path / "fewer.json")},
        {"pairs": str(tmp_path / "worded.jsonl")},
    ):  # fmt: skip
        with pytest.raises(NegjudgeError, match="is of another contest"):
            hold(dataclasses.replace(recipe, **change), run)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert hold(recipe, run).chosen.new == 0


def test_a_plan_that_is_lost_is_not_made_up_again(recipe, tmp_path):
    run = tmp_path / "contest"
    hold(recipe, run)
    (run / FROZEN).unlink()
    with pytest.raises(NegjudgeError, match=r"has pictures and no frozen\.json"):
        hold(recipe, run)
    assert not (run / FROZEN).exists()


def test_another_recipe_does_not_overwrite_a_contests_page(recipe_file, tmp_path, capsys):
    config = ["--config", str(recipe_file)]
    assert main(config) == 0
    page, metrics = tmp_path / "contest/report/index.html", tmp_path / "contest/metrics.json"
    before = page.read_bytes(), metrics.read_bytes()
    for command in (measure_run, report):
        capsys.readouterr()
        assert command(["--config", "eval/recipes/mini.yaml", "--run", str(tmp_path / "contest")]) == 2
        assert "holds a contest; give the recipe that it was held by" in capsys.readouterr().err
    assert (page.read_bytes(), metrics.read_bytes()) == before
    assert report(config) == 0


def test_its_results_can_be_submitted_and_others_pictures_brought_in(recipe_file, tmp_path, capsys):
    values = yaml.safe_load(recipe_file.read_text()) | REAL | FEW
    recipe_file.write_text(yaml.safe_dump(values))
    config, run, out = ["--config", str(recipe_file)], tmp_path / "contest", str(tmp_path / "sub")
    assert main(config) == 0
    assert negjudge(["submission", "make", *config, "-o", out]) == 0
    assert negjudge(["submission", "check", out]) == 0
    assert "budgets equal" in capsys.readouterr().out

    Image.new("RGB", (32, 32), "red").save(tmp_path / "a.png")
    (tmp_path / "manifest.csv").write_text(
        "image,pair,method\na.png,bicycle-wheels,gpt\nb.png,bicycle-wheels,gpt\n"
    )
    brought = ["--images", str(tmp_path), "--manifest", str(tmp_path / "manifest.csv")]
    for command in (main, measure_run):
        assert command([*config, *brought]) == 2
        said = capsys.readouterr()
        assert "line 3: there is no picture" in said.err
        assert [line.split()[0] for line in said.out.splitlines() if line.startswith("  gpt")][:1] == ["gpt"]
    metrics = json.loads((run / "metrics.json").read_text())
    assert [row["method"] for row in metrics["methods"]["oracle"]][-1] == "gpt"
    assert metrics["contest"]["frontiers"]["points"]


@pytest.fixture(scope="module")
def held(model_folder, tmp_path_factory):
    """The recipe of a small contest that was held and measured, whose run has a judge."""
    folder = tmp_path_factory.mktemp("held")
    (folder / "held_reader.py").write_text(Path(__file__).read_text())
    shutil.copytree("data/mini/judge-base", folder / "run/judge")
    values = REAL | FEW | {
        "run": str(folder / "run"),
        "generator": {
            "model": str(model_folder), "steps": 2, "width": 32, "height": 32, "batch_size": 4,
            "arguments": {"max_sequence_length": 8},
        },
        "contestants": {
            "vsf": {"method": "vsf", "space": {"scale": [0, 6, 0.25]}},
            "VSF with offset": {"method": "vsf", "space": {"scale": [0, 6, 0.25]}, "fixed": {"offset": 1.0}},
        },
        "dev_seeds": 2, "reader": "held_reader:read_colours", "device": "cpu", "control_pictures": 0,
        "matched": [{"measure": "kept", "at": 0.9}], "note": "A test.", "card": {"licence": "apache-2.0"},
    }  # fmt: skip
    path = folder / "contest.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        assert main(["--config", str(path)]) == 0
        yield path


def submit(arguments):
    return negjudge(["submission", "make", *arguments, "-o", str(Path(arguments[1]).parent / "submission")])


@pytest.mark.parametrize(
    ("command", "made"),
    [
        (measure_run, "run/metrics.json"),
        (report, "run/report/index.html"),
        (card, "run/card.md"),
        (submit, "submission/submission.json"),
    ],
)
def test_every_command_that_takes_an_evaluations_recipe_takes_a_contests(
    held, tmp_path, monkeypatch, command, made
):
    monkeypatch.setattr(write_card, "__defaults__", (tmp_path / "model_cards",))
    path = held.parent / made
    before = path.stat().st_mtime_ns if path.exists() else 0
    assert command(["--config", str(held)]) == 0
    assert path.stat().st_mtime_ns > before
    if command is not card:  # which is of the judge alone
        assert "VSF with offset" in path.read_text()


def test_no_command_loads_the_recipe_of_an_evaluation_alone():
    sources = [
        path for part in ("src", "eval", "generate", "labeling", "train") for path in Path(part).rglob("*.py")
    ]
    found = [str(path) for path in sources if "load_recipe(EvalRecipe" in path.read_text()]
    assert found == ["src/negjudge/contest/recipe.py"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"contestants": {}}, "contestants"),
        ({"frontier_seeds": 4}, "frontier_seeds"),
        ({"reader": None}, "name who reads"),
        ({"generator": {"model": "data/mini/generator", "steps": 0}}, "'steps' is 0"),
        ({"splits": "LEAKED"}, "bicycle-wheels is in methods test and in methods dev"),
        ({"matched": [{"measure": "beauty", "at": 0.9}]}, "matched"),
        ({"matched": [{"measure": "kept", "at": 95}]}, "'matched' has kept at 95, expected a share"),
        ({"contestants": {"x": {"method": "vfs", "space": {"scale": [0, 1, 0.1]}}}}, "vfs"),
    ],
)
def test_bad_input_ends_in_one_line(recipe_file, tmp_path, capsys, change, fault):
    values = yaml.safe_load(recipe_file.read_text())
    splits = json.loads(Path(values["splits"]).read_text())
    splits["methods"]["dev"].append("bicycle-wheels")
    (tmp_path / "LEAKED").write_text(json.dumps(splits))
    if "splits" in change:
        change = {"splits": str(tmp_path / change["splits"])}
    recipe_file.write_text(yaml.safe_dump(values | change))
    assert main(["--config", str(recipe_file)]) == 2
    assert not (tmp_path / "contest/tune").exists()  # before the first picture
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert fault in error


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_our_recipes_are_whole(path):
    recipe = load_recipe(ContestRecipe, ["--config", str(path)])
    assert len(recipe.contestants) > 1
    assert path.stem == "mini-vsf" or recipe.trials >= 24


def trial(number, kept, removed, **changes):
    values = {"success": kept * removed, "collateral": 0.0, "params": {"scale": float(number)}} | changes
    return Trial(
        "vsf", number, pictures=4, evaluations=8, kept=kept, removed=removed, best=0.0, context="", **values
    )


def test_a_frontier_has_the_best_and_what_trades_kept_for_removed():
    trials = [
        trial(0, 1.0, 0.1),
        trial(1, 0.9, 0.8),
        trial(2, 0.8, 0.7),
        trial(3, 0.5, 0.9),
        trial(4, 0.4, 0.9),
    ]
    assert [t.number for t in frontier_of(trials, 3)] == [1, 0, 3]
    assert [t.number for t in frontier_of(trials, 9)] == [1, 0, 3, 2, 4]
    doubled = [*trials, trial(5, 1.0, 0.1, params={"scale": 0.0})]
    assert [t.number for t in frontier_of(doubled, 9)] == [1, 0, 3, 2, 4]


def test_a_setting_that_two_contestants_share_counts_for_each(tmp_path):
    one = {"scale": 1.0, "offset": 0}
    both = ({"scale": 2.0}, {"offset": 0.0, "scale": 1})
    contestants = {"a": Chosen("vsf", (one,), {}, 1), "b": Chosen("vsf", both, {}, 1)}
    frozen = Frozen("", contestants, (), (), 1, 1, "", "", {})
    sample = Sample("1", "p", "o", "e", "", "", "vsf", one, 0, "", "", "", "", 4, 1, 1, "", "")
    plain = dataclasses.replace(sample, method="none", params={})
    assert [s.method for s in frozen.named([plain, sample])] == ["none", "a"]
    assert [s.method for s in frozen.named([sample], chosen=False)] == ["a", "b"]
    assert freeze(tmp_path, frozen) == read_frozen(tmp_path) == frozen
    (tmp_path / FROZEN).write_text(json.dumps({"contestants": []}))
    with pytest.raises(NegjudgeError, match="not what a contest wrote"):
        read_frozen(tmp_path)
