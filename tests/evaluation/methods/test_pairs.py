"""The figures pair by pair: shares that agree with the methods' table, and a mark for each picture."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic

from negjudge.evaluation.methods.pairs import mark
from negjudge.evaluation.stage import evaluate


def test_pairs_add_up_to_the_methods_table(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, control=False)
    metrics = evaluate(synthetic.recipe_for(run), run)
    assert {row.source for row in metrics.pairs} == {metrics.finding.source} == {"oracle"}
    for row in metrics.methods["oracle"]:
        mine = [pair.methods[row.method] for pair in metrics.pairs]
        assert len(mine) == row.pairs
        assert sum(one.pictures for one in mine) == row.pictures
        for measure in ("success", "kept", "removed"):
            mean = sum(getattr(one, measure) * one.pictures for one in mine) / row.pictures
            assert mean == pytest.approx(getattr(row, measure).estimate, abs=1e-5)
        marks = [found for one in mine for found in one.marks.values()]
        assert marks.count("success") == round(row.success.estimate * row.pictures)
        assert marks.count("undecided") == round(row.undecided * row.pictures)
        lost = marks.count("object lost") + marks.count("undecided")  # what it cannot read it did not keep
        assert lost == round((1 - row.kept.estimate) * row.pictures)


def test_without_an_oracle_pairs_are_by_the_labels(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, control=False)
    metrics = evaluate(synthetic.recipe_for(run, reader=None), run)
    assert {row.source for row in metrics.pairs} == {"labels"}


def test_a_lost_object_weighs_more_than_an_element_still_there() -> None:
    assert mark(False, False) == mark(False, True) == "object lost"
    assert (mark(True, True), mark(True, False)) == ("success", "still there")
    assert mark(True, True, decided=False) == "undecided"
