"""What settings are tried on: every dev pair is seen alike, and a history says what it depends on."""

import dataclasses

import pytest
from colours import read_colours
from searched import CONTESTANTS, SPACES, with_search

from negjudge.data.records import Sample, read_records
from negjudge.data.runs import HISTORY
from negjudge.errors import NegjudgeError
from negjudge.generation.settings import read_settings, write_settings
from negjudge.tuning.objective import Contestant
from negjudge.tuning.search import best_of, search, search_all


def test_fixed_settings_are_those_of_every_trial_and_of_the_settings_file(objective, tmp_path):
    fixed = {"vsf": {"padding": "full"}}
    padded = dataclasses.replace(objective, folder=tmp_path / "padded")
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


def test_every_dev_pair_is_seen_alike_and_rates_come_from_the_pictures(objective):
    trial = next(search(objective, CONTESTANTS["cfg"]))
    samples = read_records(objective.folder / "trials/cfg-000/samples.jsonl", Sample)
    assert sorted(sample.pair for sample in samples) == sorted(pair.id for pair in objective.pairs)
    seen = read_colours([objective.folder / "trials/cfg-000" / sample.image for sample in samples])
    kept = [r.object == s.object for r, s in zip(seen, samples, strict=True)]
    assert trial.kept == pytest.approx(sum(kept) / 3)
    assert {sample.params["scale"] for sample in samples} == {trial.params["scale"]}


@pytest.mark.parametrize("changes", [{"pairs": []}, {"seeds": 3}, {"seeds": 0}])
def test_dev_has_pairs_and_seeds_that_can_be_halved(objective, changes):
    with pytest.raises(NegjudgeError, match="dev needs pairs and an even number of seeds"):
        dataclasses.replace(objective, **changes)


def test_a_history_depends_on_what_is_tried_and_not_on_where_or_why(objective, tmp_path):
    first, *others = objective.pairs
    vsf = CONTESTANTS["vsf"]
    before = objective.context(vsf)
    alike = (
        dataclasses.replace(objective, folder=tmp_path / "elsewhere"),
        dataclasses.replace(objective, pairs=[dataclasses.replace(first, why="another reason"), *others]),
    )
    assert {each.context(vsf) for each in alike} == {before}
    worded = dataclasses.replace(objective, pairs=[dataclasses.replace(first, prompt="a tricycle"), *others])
    changed = [
        objective.context(dataclasses.replace(vsf, fixed={"padding": "full"})),
        objective.context(CONTESTANTS["nasa"]),
        worded.context(vsf),
        *(with_search(objective, *budget).context(vsf) for budget in ((3, 0), (2, 1))),
    ]
    assert len({before, *changed}) == 6
