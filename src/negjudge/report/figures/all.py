"""Which figures a run has, from metrics.json, the settings tried and the judge's training."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from negjudge.data.durable import read_lines
from negjudge.evaluation.judges.answers import AFFIRMATIVE, BASE_JUDGE, REFITTED, TUNED_JUDGE
from negjudge.evaluation.judges.controls import GUESSER, TEXT_ONLY
from negjudge.evaluation.judges.polarity import Polarity
from negjudge.evaluation.judges.quality import ALL, JudgeRow, Reliability
from negjudge.evaluation.metrics_file import Metrics
from negjudge.evaluation.tradeoffs.tables import ContestTables
from negjudge.report.figures import contest as contest_figures
from negjudge.report.figures import run as figures
from negjudge.report.figures.drawing import Drawing
from negjudge.tuning.trials import Trial

JUDGES = (TEXT_ONLY, GUESSER, BASE_JUDGE, AFFIRMATIVE, REFITTED, TUNED_JUDGE)
FIGURES = (
    "removed_kept",
    "success_collateral",
    "budget",
    "polarity",
    "strata",
    "reliability",
    "training",
    "frontier",
    "frontier_collateral",
    "best_of",
)


T = TypeVar("T", JudgeRow, Reliability, Polarity)


def run_figures(
    metrics: Metrics, history: Sequence[Trial], training: Sequence[Mapping[str, float]]
) -> dict[str, Drawing]:
    """Return the figures by name, those for which there is something to draw.

    ``history`` are the settings tried on dev, ``training`` the judge's losses by step.
    """
    found = {}
    methods = [row.method for row in itertools.chain(*metrics.methods.values())]
    styles = figures.method_styles([*methods, *(trial.method for trial in history)])
    rows = next((metrics.methods[s] for s in ("oracle", "labels", "tuned") if s in metrics.methods), ())
    if rows:
        found["removed_kept"] = figures.tradeoff(rows, "removed", "kept", history, styles)
    if any(row.collateral for row in rows):
        found["success_collateral"] = figures.tradeoff(rows, "success", "collateral", history, styles)
    if history:
        found["budget"] = figures.budget(history, styles)
    both_ways = [row for row in metrics.polarities if (row.topic, row.stratum) == ("element", ALL)]
    if both_ways:
        found["polarity"] = figures.polarity(_one_truth(both_ways))
    tested = _one_truth([row for row in metrics.judges if row.topic == "element"])
    if any(row.judge in JUDGES and row.quality for row in tested):
        found["strata"] = figures.strata(tested)
    curves = _one_truth([row for row in metrics.reliability if row.topic == "success"])
    if curves:
        found["reliability"] = figures.reliability(curves)
    if training:
        found["training"] = figures.training(training)
    if metrics.contest:
        found |= _contest_figures(metrics.contest, metrics.source_names, styles)
    return found


def _contest_figures(
    contest: ContestTables, names: Mapping[str, str], styles: figures.Styles
) -> dict[str, Drawing]:
    found = {}
    if contest.frontiers:
        points, plain = contest.frontiers.points, contest.frontiers.unguided
        found["frontier"] = contest_figures.frontier(points, plain, "removed", "kept", styles)
        if any(point.collateral for point in points):
            both = "success", "collateral"
            found["frontier_collateral"] = contest_figures.frontier(points, plain, *both, styles)
    if contest.best_of:
        pickers = dict.fromkeys(row.picker for row in contest.best_of)
        shown = {picker: names[picker] for picker in pickers if picker in (contest.source, TUNED_JUDGE)}
        found["best_of"] = contest_figures.best_of(contest.best_of, shown, styles)
    return found


def _one_truth(rows: Sequence[T]) -> list[T]:
    """Return the rows against the oracle, or against the labels where there is no oracle."""
    truth = "oracle" if any(row.truth == "oracle" for row in rows) else "labels"
    return [row for row in rows if row.truth == truth]


def losses(path: Path) -> list[dict[str, float]]:
    """Return what a trainer logged, an object a line; a missing file has none."""
    return [json.loads(line) for line in read_lines(path) if line.strip()]
