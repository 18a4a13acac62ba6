"""The report page: what goes into which section, and the one self-contained file that comes out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from negjudge.durable import read_lines, write_atomically
from negjudge.evaluation.answers import BASE, REFITTED, TEXT_ONLY, TUNED
from negjudge.evaluation.metrics_file import read_metrics
from negjudge.evaluation.readings import SampleReading
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.summary import (
    SOURCE_NAMES,
    STRATUM_NAMES,
    finding_sentence,
)
from negjudge.recipes import read_yaml
from negjudge.records import Sample, read_records
from negjudge.report import figures
from negjudge.report.judge_tables import judge_groups
from negjudge.report.pictures import GridRow, attention, grid
from negjudge.report.run_tables import run_tables
from negjudge.report.table_files import FOLDER as TABLES
from negjudge.report.table_files import write_tables
from negjudge.report.tables import p_value
from negjudge.runs import CONTROL, JUDGE, ORACLE, REPORT, SAMPLES
from negjudge.sheets import METHOD_NAMES
from negjudge.splits import MINIMUM_PAIRS, read_splits

CURVES = "curves.jsonl"
ROWS, MORE_ROWS, CONTROL_ROWS = 12, 48, 6
JUDGES = (TEXT_ONLY, BASE, REFITTED, TUNED)
FIGURES = ("removed_kept", "success_collateral", "budget", "strata", "reliability", "training")


@dataclass(frozen=True)
class Pictures:
    """The grids: test pairs drawn by lot, further ones, and pictures with the wrong element named."""

    first: Sequence[GridRow]
    more: Sequence[GridRow]
    control: Sequence[GridRow]


def write_report(recipe: EvalRecipe, run: Path) -> Path:
    """Write ``report/index.html`` from metrics.json and the pictures of a run, and return its path.

    Its tables lie beside it in ``tables/``, as CSV and LaTeX. Raises NegjudgeError where the run has not been
    evaluated.
    """
    page, metrics = run / REPORT / "index.html", read_metrics(run)
    write_tables(page.parent / TABLES, run_tables(metrics, _history(recipe)).values())
    write_atomically(page, render(recipe, run, metrics))
    return page


def render(recipe: EvalRecipe, run: Path, metrics: Mapping[str, Any]) -> str:
    """Return the page. A section whose input is missing says so in one line instead."""
    history = _history(recipe)
    return (
        environment()
        .get_template("report.html")
        .render(
            title=recipe.title,
            about=recipe.about,
            finding=finding_sentence(metrics),
            metrics=metrics,
            pictures=_pictures(recipe, run),
            attention=attention(run),
            tables=run_tables(metrics, history),
            judges=list(judge_groups(metrics)),
            figures={name: Markup(svg) for name, svg in _figures(run, metrics, history).items()},
            run=recipe.run,
            minimum_pairs=MINIMUM_PAIRS,
            tried=_tried(history),
            searched=_searched(recipe),
        )
    )


def environment() -> jinja2.Environment:
    """Return the templates with their filters; everything printed is escaped, a missing name is an error."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("negjudge.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters |= {"p": p_value, "code": code}
    found.globals |= {"methods": METHOD_NAMES, "sources": SOURCE_NAMES, "strata": STRATUM_NAMES}
    return found


def code(text: str) -> Markup:
    """Return text with what stands between backticks marked as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in enumerate(parts)
    )


def _pictures(recipe: EvalRecipe, run: Path) -> Pictures:
    tested = set(read_splits(recipe.splits).methods["test"])
    samples = [s for s in read_records(run / SAMPLES, Sample) if s.pair in tested]
    readings = {r.sample: r for r in read_records(run / ORACLE, SampleReading)}
    rows = grid(run, samples, readings, ROWS + MORE_ROWS)
    wrong = read_records(run / CONTROL / SAMPLES, Sample)
    wrong_readings = {r.sample: r for r in read_records(run / CONTROL / ORACLE, SampleReading)}
    return Pictures(rows[:ROWS], rows[ROWS:], grid(run / CONTROL, wrong, wrong_readings, CONTROL_ROWS))


def _figures(run: Path, metrics: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the figures by name; an empty one where there is nothing to draw."""
    found = dict.fromkeys(FIGURES, "")
    rows: list[dict[str, Any]] = next(
        (metrics["methods"][s] for s in ("oracle", "labels", "tuned") if s in metrics["methods"]), []
    )
    if rows:
        found["removed_kept"] = figures.tradeoff(rows, "removed", "kept", history)
    if any(row["collateral"] for row in rows):
        found["success_collateral"] = figures.tradeoff(rows, "success", "collateral", history)
    if history:
        found["budget"] = figures.budget(history)
    tested = _one_truth([row for row in metrics["judges"] if row["topic"] == "element"])
    if any(row["judge"] in JUDGES and row["quality"] for row in tested):
        found["strata"] = figures.strata(tested)
    curves = _one_truth([row for row in metrics["reliability"] if row["topic"] == "success"])
    if curves:
        found["reliability"] = figures.reliability(curves)
    curve = _json_lines(run / JUDGE / CURVES)
    if curve:
        found["training"] = figures.training(curve)
    return found


def _history(recipe: EvalRecipe) -> list[dict[str, Any]]:
    return _json_lines(Path(recipe.history)) if recipe.history else []


def _tried(history: Sequence[Mapping[str, Any]]) -> str:
    """Return how many settings were tried, once where it is the same for all: "24 a method"."""
    counts = Counter(METHOD_NAMES[trial["method"]] for trial in history)
    if len(set(counts.values())) == 1:
        return f"{next(iter(counts.values()))} a method"
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _searched(recipe: EvalRecipe) -> bool:
    """Tell whether the settings file records the search that found its settings."""
    path = Path(recipe.settings) if recipe.settings else None
    return path is not None and path.is_file() and bool(read_yaml(path).get("search"))


def _one_truth(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows against the oracle, or against the labels where there is no oracle."""
    truth = "oracle" if any(row["truth"] == "oracle" for row in rows) else "labels"
    return [row for row in rows if row["truth"] == truth]


def _json_lines(path: Path) -> list[dict[str, Any]]:
    lines: Iterable[bytes] = read_lines(path)
    return [json.loads(line) for line in lines if line.strip()]
