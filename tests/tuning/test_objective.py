"""What a trial is worth: rates of its pictures, over dev pairs that are seen alike."""

import pytest
from colours import read_colours

from negjudge.data.records import Sample, read_records
from negjudge.oracle.outcomes import Outcome
from negjudge.tuning.objective import Contestant
from negjudge.tuning.search import search, summarise

SPACES = {
    "cfg": {"scale": [1.5, 9, 0.5]},
    "vsf": {"scale": [0, 6, 0.25], "offset": [0, 4, 0.25]},
    "nasa": {"scale": [0, 0.8, 0.1]},
}
CONTESTANTS = {name: Contestant(name, name, space) for name, space in SPACES.items()}


def test_every_dev_pair_is_seen_alike_and_rates_come_from_the_pictures(bench):
    trial = next(search(bench, CONTESTANTS["cfg"], 2, 0))
    samples = read_records(bench.folder / "trials/cfg-000/samples.jsonl", Sample)
    assert sorted(sample.pair for sample in samples) == sorted(pair.id for pair in bench.pairs)
    seen = read_colours([bench.folder / "trials/cfg-000" / sample.image for sample in samples])
    kept = [r.object == s.object for r, s in zip(seen, samples, strict=True)]
    assert trial.kept == pytest.approx(sum(kept) / 3)
    assert {sample.params["scale"] for sample in samples} == {trial.params["scale"]}


def test_collateral_is_the_mean_where_there_was_something_to_lose():
    outcomes = [
        Outcome(True, True, True, 0.5),
        Outcome(True, False, False, None),
        Outcome(False, True, False, 1.0),
    ]
    rates = summarise(outcomes)
    assert rates == pytest.approx({"success": 1 / 3, "kept": 2 / 3, "removed": 2 / 3, "collateral": 0.75})
