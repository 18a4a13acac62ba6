"""metrics.json: what is written is read, and what is not of its form is told with its place."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import synthetic

from negjudge.errors import NegjudgeError
from negjudge.evaluation.metrics_file import Metrics, read_metrics, write_metrics
from negjudge.evaluation.stage import evaluate
from negjudge.statistics.clusters import Interval


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Metrics]:
    run = synthetic.make_run(tmp_path_factory.mktemp("file"), judges=False, control=False)
    return run, evaluate(synthetic.recipe_for(run), run)


def test_written_again_it_is_the_same_file(measured: tuple[Path, Metrics]) -> None:
    run, metrics = measured
    before = (run / "metrics.json").read_bytes()
    write_metrics(run, metrics)
    assert (run / "metrics.json").read_bytes() == before
    assert list(json.loads(before)) == [field.name for field in dataclasses.fields(Metrics)]


def test_what_is_undefined_is_null_in_the_file_and_nan_again(measured: tuple[Path, Metrics]) -> None:
    run, metrics = measured
    before = (run / "metrics.json").read_bytes()
    row, *others = metrics.methods["oracle"]
    unknown = dataclasses.replace(row, success=Interval(math.nan, None, None))
    write_metrics(run, dataclasses.replace(metrics, methods={"oracle": (unknown, *others)}))
    stored = json.loads((run / "metrics.json").read_text())["methods"]["oracle"][0]["success"]
    assert stored == {"estimate": None, "low": None, "high": None}
    again = read_metrics(run).methods["oracle"][0]
    assert math.isnan(again.success.estimate)
    assert again.collateral is row.collateral is None
    (run / "metrics.json").write_bytes(before)


def lose_a_field(content: dict[str, Any]) -> None:
    del content["finding"]["best"]["undecided"]


def add_a_field(content: dict[str, Any]) -> None:
    content["judges"][1]["mood"] = "good"


def misspell(content: dict[str, Any]) -> None:
    content["comparisons"]["oracle"][0]["difference"]["p"] = "small"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lose_a_field, "finding.best: field 'undecided' of the MethodRow is missing"),
        (add_a_field, "judges[1]: unknown field 'mood' in a JudgeRow"),
        (misspell, "comparisons.oracle[0].difference: field 'p' is 'small', expected float | None"),
    ],
)
def test_what_is_not_of_its_form_is_told_with_its_place(
    measured: tuple[Path, Metrics], spoil: Callable[[dict[str, Any]], None], said: str
) -> None:
    path = measured[0] / "metrics.json"
    before = path.read_bytes()
    content = json.loads(before)
    spoil(content)
    path.write_text(json.dumps(content))
    with pytest.raises(NegjudgeError) as caught:
        read_metrics(measured[0])
    assert str(caught.value) == f"{path}: {said}; run `make eval` again"
    path.write_bytes(before)
