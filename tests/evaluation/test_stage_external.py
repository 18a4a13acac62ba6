"""Pictures of other generators in an evaluation: in its tables, comparisons and page, or alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import fmean

import pytest
import synthetic
from painted import ROWS, TEST, fill, import_for, manifest, recipe_for, stored

from negjudge.data.records import Sample, read_records
from negjudge.errors import NegjudgeError
from negjudge.evaluation.methods.table import Comparison
from negjudge.evaluation.stage import evaluate
from negjudge.report.page import write_report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "made")


def test_another_generators_pictures_stand_in_tables_comparisons_and_page(
    folder: Path, tmp_path: Path
) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    path = manifest(folder, [f"{row},28" for row in ROWS], "image,pair,method,evaluations")
    recipe = recipe_for(run, folder, path)
    import_for(recipe, run).require_all()
    metrics = evaluate(recipe, run)
    row = next(r for r in metrics.methods["oracle"] if r.method == "gpt-image")
    assert (row.pictures, row.pairs, row.success.estimate) == (8, 4, 0.5)
    assert (row.params, row.evaluations, row.collateral) == ({}, 28, None)
    compared = {(c.first, c.second): c for c in metrics.comparisons["oracle"] if c.measure == "success"}
    assert compared["vsf", "none"].paired_by == "pair and seed"
    far = compared["vsf", "gpt-image"]
    assert (far.paired_by, far.pairs) == ("pair", 4)
    assert far.difference.estimate == pytest.approx(_gap(run, far), abs=1e-6)
    assert metrics.finding.best.method == "vsf"  # 50 % of 4 pairs of another generator prove nothing
    assert "gpt-image less no guidance †" in " ".join(write_report(recipe, run).read_text().split())


def _gap(run: Path, comparison: Comparison) -> float:
    """Return the difference of the methods' means over the pairs, from what the reader wrote down."""
    seen = {
        entry["sample"]: entry for entry in map(json.loads, (run / "oracle.jsonl").read_text().splitlines())
    }
    samples = [*read_records(run / "samples.jsonl", Sample), *stored(run).values()]

    def mean(method: str, pair: str) -> float:
        mine = [s for s in samples if (s.method, s.pair) == (method, pair)]
        return fmean(seen[s.id]["object"] == s.object and s.element not in seen[s.id]["parts"] for s in mine)

    first, second = comparison.first, comparison.second
    return fmean(mean(first, pair) - mean(second, pair) for pair in TEST[:4])


def test_a_run_of_other_generators_alone_is_measured(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    made = recipe_for(run, folder, manifest(folder, ROWS))
    import_for(made, run).require_all()
    metrics = evaluate(made, run)
    assert [(r.method, r.pictures) for r in metrics.methods["oracle"]] == [("gpt-image", 8)]
    assert metrics.finding is None
    assert "gpt-image" in write_report(made, run).read_text()


def test_a_stored_picture_that_was_lost_is_named_with_the_way_out(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    made = recipe_for(run, folder, manifest(folder, ROWS))
    import_for(made, run)
    shutil.rmtree(run / "external" / "images")
    with pytest.raises(NegjudgeError, match="bring it in again with --images and --manifest"):
        evaluate(made, run)
