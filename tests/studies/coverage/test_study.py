"""The coverage command as a person runs it: its recipe is read, its tables are printed and written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import synthetic

from studies.coverage.__main__ import main

FLAGS = ["--config", "studies/recipes/coverage.yaml", "--replications", "4", "--draws", "40"]
FLAGS += ["--resamples", "9", "--rates", "[0.5]", "--accuracies", "[0.8]", "--benchmark_pairs", "30"]


def test_tables_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = synthetic.make_run(tmp_path)
    before = (run / "verdicts.jsonl").read_bytes()
    assert main([*FLAGS, "--run", str(run)]) == 0
    said = capsys.readouterr().out
    assert "coverage of 95 % intervals" in said
    assert "30 pairs" in said
    assert "drawn anew" in said
    found = json.loads((run / "coverage.json").read_text())
    with open(run / "coverage.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(found["cells"]) > 30
    assert {one["method"] for one in found["resampled"]} == {"none", "vsf", "nag"}
    assert (run / "verdicts.jsonl").read_bytes() == before


def test_a_run_without_labels_has_stated_effects_alone(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, labels=False)
    assert main([*FLAGS, "--run", str(run)]) == 0
    found = json.loads((run / "coverage.json").read_text())
    assert [one["name"] for one in found["effects"]] == ["weak", "strong"]
    assert found["resampled"] == []


def test_a_rate_beyond_one_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FLAGS, "--run", str(tmp_path), "--rates", "[1.5]"]) == 2
    assert "between 0 and 1" in capsys.readouterr().err
