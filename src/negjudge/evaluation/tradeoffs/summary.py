"""A contest's own figures in a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from negjudge.evaluation.tradeoffs.best_of import BestOf
from negjudge.evaluation.tradeoffs.cost import Cost
from negjudge.evaluation.tradeoffs.frontier import Matched
from negjudge.evaluation.tradeoffs.tables import ContestTables
from negjudge.evaluation.wording import SOURCE_NAMES, aligned, level_name, percent
from negjudge.guidance.methods import METHOD_NAMES
from negjudge.statistics.clusters import Difference


def contest_summary(contest: ContestTables) -> Iterator[str]:
    """Yield the lines that a contest prints beside those of every evaluation."""
    for matched in contest.frontiers.matched if contest.frontiers else ():
        yield f"\nsuccess where {level_name(matched.measure, matched.at)}"
        yield from aligned(_held(matched))
    yield f"\nbest of n: success by {SOURCE_NAMES.get(contest.source, contest.source)}, by who picks"
    yield from aligned(_best_of(contest.best_of))
    if contest.cost:
        yield f"\ncost of a picture on {contest.cost.device}"
        yield from aligned(_cost(contest.cost))


def _held(matched: Matched) -> list[list[str]]:
    best, *others = matched.ordered
    table = [[METHOD_NAMES[best.method], percent(best.rate), ""]]
    for held in others:
        less = _less(best.method, matched.gap(best.method, held.method))
        table.append([METHOD_NAMES[held.method], percent(held.rate), less])
    return table


def _less(best: str, gap: Difference | None) -> str:
    if gap is None:
        return f"not compared with {METHOD_NAMES[best]}"
    p = "" if gap.adjusted is None else f", p {gap.adjusted:.3f}"
    return f"{METHOD_NAMES[best]} {percent(gap, signed=True)}{p}"


def _best_of(rows: Sequence[BestOf]) -> list[list[str]]:
    last = max(row.n for row in rows)
    shown = [n for n in (1, 2, 4, 8, 16) if n < last] + [last]
    table = [["", "picker", *(f"n = {n}" for n in shown)]]
    for method, picker in dict.fromkeys((row.method, row.picker) for row in rows):
        mine = {row.n: row for row in rows if (row.method, row.picker) == (method, picker)}
        cells = [percent(mine[n].success) if n in mine else "–" for n in shown]
        table.append([METHOD_NAMES[method], SOURCE_NAMES.get(picker, picker), *cells])
    return table


def _cost(cost: Cost) -> list[list[str]]:
    table = [["", "evaluations", "seconds", "to unguided"]]
    for row in cost.rows:
        spread = f"{row.ratio.estimate:.2f} ({row.ratio.low:.2f}–{row.ratio.high:.2f})"
        table.append([METHOD_NAMES[row.method], str(row.evaluations), f"{row.seconds:.3f}", spread])
    return table
