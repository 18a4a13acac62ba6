"""The tables that a contest adds: frontiers, matched comparisons, best of n, cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from negjudge.evaluation.metrics_file import Metrics
from negjudge.evaluation.tradeoffs.best_of import BestOf
from negjudge.evaluation.tradeoffs.cost import CostRow
from negjudge.evaluation.tradeoffs.frontier import Gap, Held, Matched, Point
from negjudge.evaluation.tradeoffs.tables import ContestTables
from negjudge.evaluation.wording import level_name
from negjudge.guidance.methods import METHOD_NAMES
from negjudge.report.tables import table as t
from negjudge.report.tables.table import Column
from negjudge.statistics.clusters import Difference


def frontier(metrics: Metrics) -> list[t.Table]:
    """Return every frozen setting's rates on the test pairs; the chosen ones lead."""
    contest = metrics.contest
    if contest is None or contest.frontiers is None:
        return []
    found = contest.frontiers
    residual = "Residual" if contest.source == "oracle" else "Expected rating"
    columns: list[Column[Point]] = [
        t.method_column(),
        Column("Setting", lambda point: t.words(t.setting(point.params), wraps=True)),
        *t.rate_columns(),
        Column(residual, lambda point: t.number(point.quality)),
        Column("Chosen on dev", lambda point: t.words("yes" if point.chosen else "")),
    ]
    caption = (
        f"Every setting that was frozen, by {_source(metrics, contest)}, on the {found.pictures} pictures "
        f"that all have ({found.pairs} pairs)."
    )
    return t.tabulate(
        "frontier", caption, metrics.note, columns, found.points, lead=lambda point: point.chosen
    )


def matched(metrics: Metrics) -> list[t.Table]:
    """Return for each level what the contestants reach there, and how they differ from each other."""
    contest = metrics.contest
    if contest is None or contest.frontiers is None:
        return []
    tables = []
    for number, level in enumerate(contest.frontiers.matched, start=1):
        rows = level.ordered
        columns: list[Column[Held]] = [
            t.method_column(),
            Column("Success", lambda held: t.rate(held.rate)),
            *(Column(f"Less {METHOD_NAMES[row.method]}", _less(row.method, level)) for row in rows[:-1]),
        ]
        caption = (
            f"Success where {level_name(level.measure, level.at)}, by {_source(metrics, contest)}: the upper "
            "hull of each contestant’s settings; differences in points, p corrected by Holm’s method at this "
            "level."
        )
        if level.measure == "quality":
            caption += f" {_quality_bound(level, contest.source)}"
        tables += t.tabulate(f"matched-{number}-{level.measure}", caption, metrics.note, columns, rows)
    return tables


def _quality_bound(level: Matched, source: str) -> str:
    """Say what a share of the unguided quality is: residuals are better where they are lower."""
    if source == "oracle":
        return (
            f"Quality is the oracle’s residual, lower is better: it is held at {level.limit:.3f} or less, "
            f"the residual without guidance divided by {level.at:g}."
        )
    return (
        f"Quality is the {'mean' if source == 'labels' else 'expected'} rating: it is held at "
        f"{level.limit:.2f} or more, {level.at:g} times the rating without guidance."
    )


def _less(method: str, level: Matched) -> Callable[[Held], t.Cell]:
    """Return what makes the cell of a row's difference from a method."""
    return lambda held: _with_p(level.gap(held.method, method))


def _with_p(gap: Difference | None) -> t.Cell:
    """Return a difference's cell with the corrected p-value behind the interval."""
    cell = t.difference(gap)
    if gap is None or gap.adjusted is None:
        return cell
    return replace(cell, line=f"{cell.line}, p {t.p_value(gap.adjusted)}")


def gaps(metrics: Metrics) -> list[t.Table]:
    """Return all differences at matched levels with their corrected p-values."""
    contest = metrics.contest
    if contest is None or contest.frontiers is None:
        return []
    rows = [(level, gap) for level in contest.frontiers.matched for gap in level.gaps]
    columns: list[Column[tuple[Matched, Gap]]] = [
        Column("Methods", lambda row: t.words(_both(row[1]))),
        Column("Where", lambda row: t.words(level_name(row[0].measure, row[0].at), wraps=True)),
        Column("Difference", lambda row: t.difference(row[1].difference)),
        Column("p, corrected", lambda row: t.p_cell(row[1].difference.adjusted)),
    ]
    caption = (
        "Differences in success at matched levels, in points; p-values corrected by Holm’s method at each."
    )
    return t.tabulate("matched", caption, metrics.note, columns, rows)


def _both(gap: Gap) -> str:
    return f"{METHOD_NAMES[gap.first]} less {METHOD_NAMES[gap.second]}"


@dataclass(frozen=True)
class _Curve:
    """The success of a method's picked picture by n, for one who picks."""

    method: str
    picker: str
    by_n: Mapping[int, BestOf]


def best_of(metrics: Metrics) -> list[t.Table]:
    """Return the success of the picture that is picked among n, by who picks."""
    contest, names = metrics.contest, metrics.source_names
    if contest is None or not contest.best_of:
        return []
    curves: dict[tuple[str, str], dict[int, BestOf]] = {}
    for row in contest.best_of:
        curves.setdefault((row.method, row.picker), {})[row.n] = row
    last = max(row.n for row in contest.best_of)
    shown = [n for n in (1, 2, 4, 8, 16) if n < last] + [last]
    columns: list[Column[_Curve]] = [
        t.method_column(),
        Column("Picked by", lambda curve: t.words(names[curve.picker])),
        Column("Evaluations a picture", lambda curve: t.count(curve.by_n[1].evaluations)),
        *(Column(f"n = {n}", _success_at(n)) for n in shown),
    ]
    caption = (
        f"Success of the one picture that is picked among n, by {_source(metrics, contest)}; exact over all "
        "choices of n of the seeds."
    )
    records = [_Curve(method, picker, by_n) for (method, picker), by_n in curves.items()]
    return t.tabulate("best-of-n", caption, metrics.note, columns, records)


def _success_at(n: int) -> Callable[[_Curve], t.Cell]:
    return lambda curve: t.rate(curve.by_n[n].success) if n in curve.by_n else t.EMPTY


def cost(metrics: Metrics) -> list[t.Table]:
    """Return what a picture costs with each contestant."""
    contest = metrics.contest
    if contest is None or contest.cost is None:
        return []
    found = contest.cost
    columns: list[Column[CostRow]] = [
        t.method_column(),
        Column("Evaluations", lambda row: t.count(row.evaluations)),
        Column("Seconds", lambda row: t.decimal(row.seconds, 3)),
        Column("To unguided", lambda row: t.number(row.ratio)),
    ]
    caption = (
        f"What a picture costs on {found.device}: one batch of {found.pictures} by each contestant in "
        f"turn, {found.rounds} times; medians, with the lowest and the highest round."
    )
    return t.tabulate("cost", caption, metrics.note, columns, found.rows)


def _source(metrics: Metrics, contest: ContestTables) -> str:
    return metrics.source_names[contest.source]
