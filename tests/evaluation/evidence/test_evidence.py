"""Which pictures measure the methods, and which test the judge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from synthetic import PAIRS, SPLITS, make_run

from negjudge.data.records import Sample, read_records, write_records
from negjudge.evaluation.evidence.evidence import questions_for, read_run
from negjudge.evaluation.evidence.scored import by_labels
from negjudge.generation.jobs import DRAWN_SEEDS


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run", judges=False, control=False)


def draw(run, pair_ids):
    """Add a picture at a drawn strength for each guided one of some pairs; return their ids."""
    samples = read_records(run / "samples.jsonl", Sample)
    drawn = [
        replace(s, id=f"d{s.id[1:]}", seed=s.seed + DRAWN_SEEDS, params={"scale": 0.1}, serves="judge")
        for s in samples
        if s.pair in pair_ids
    ]
    write_records(run / "samples.jsonl", samples + drawn)
    return {sample.id for sample in drawn}


def test_without_drawn_strengths_every_picture_of_a_pair_serves_both(run):
    found = read_run(PAIRS, SPLITS, run)
    for name, ids in found.splits.judge.items():
        assert found.group(name) == found.of(ids)
    assert found.tested == found.of(found.splits.methods["test"])


def test_pictures_at_drawn_strengths_test_the_judge_alone_and_no_method(run):
    before = read_run(PAIRS, SPLITS, run)
    test = set(before.splits.methods["test"])
    both = [i for i in before.splits.judge["seen"] if i in test]
    drawn = draw(run, both)
    found = read_run(PAIRS, SPLITS, run)
    assert found.tested == before.tested
    assert by_labels(found) == by_labels(before)
    assert {sample.id for sample in found.group("seen")} == drawn
    # A group without any is tested as it was.
    assert found.group("both_new") == before.group("both_new")
    asked = {(ask.sample.id, ask.view) for ask in questions_for(found, 0)}
    assert {(name, "plain") for name in drawn} <= asked
    assert {(sample.id, "plain") for sample in found.tested} <= asked


def test_no_picture_of_a_test_pair_is_trained_on(run):
    splits = read_run(PAIRS, SPLITS, run).splits
    draw(run, {*splits.judge["train"], *splits.judge["validation"], *splits.judge["seen"]})
    found = read_run(PAIRS, SPLITS, run)
    taught = {s.id for name in ("train", "validation") for s in found.group(name)}
    tested = {s.id for s in (*found.tested, *found.group("seen"), *found.group("both_new"))}
    assert taught.isdisjoint(tested)
