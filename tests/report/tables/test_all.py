"""All tables of a run: whose labels they count is said, and on how many pictures each figure rests."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from negjudge.evaluation.metrics_file import read_metrics
from negjudge.report.tables.all import run_tables


@pytest.mark.parametrize("sources", [["simulated"], ["people"]])
def test_simulated_labels_are_called_so_wherever_they_are_counted(
    whole: tuple[Path, Any, str], sources: list[str]
) -> None:
    metrics = read_metrics(whole[0])
    provenance = dataclasses.replace(metrics.provenance, sources=tuple(sources))
    found = run_tables(dataclasses.replace(metrics, provenance=provenance))
    said = {name: f"{table.caption} {table.heads}" for name, table in found.items()}
    for name in ("success", "methods-labels", "judges-labels-element", "judges-labels-success-full"):
        assert ("simulated annotators' labels" in said[name]) == (sources == ["simulated"])
        assert "annotators' labels" in said[name]
    assert "labels" not in said["methods-oracle"]


def test_success_by_source_says_on_how_many_pictures_each_rests(whole: tuple[Path, Any, str]) -> None:
    metrics = read_metrics(whole[0])
    count = metrics.methods["oracle"][0].pictures
    first, *others = metrics.methods["labels"]
    fewer = (dataclasses.replace(first, pictures=first.pictures - 5), *others)
    changed = dataclasses.replace(metrics, methods={**metrics.methods, "labels": fewer})
    (foot,) = run_tables(changed)["success"].foot
    assert [cell.text for cell in foot.cells[:3]] == ["pictures a method", f"{count}", f"{count - 5}–{count}"]


def test_few_labels_have_the_interval_about_these_pictures_too(whole: tuple[Path, Any, str]) -> None:
    (first, *_) = csv.DictReader((whole[0] / "report/tables/few-labels.csv").read_text().splitlines())
    few = read_metrics(whole[0]).few_labels
    assert few is not None
    rates = few.rows[0].rates
    assert float(first["both_low"]) == rates.powered.low
    assert float(first["both_these_pictures_low"]) == rates.of_pictures.low
