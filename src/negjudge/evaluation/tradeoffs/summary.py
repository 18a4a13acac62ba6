"""A contest's own figures in a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from negjudge.evaluation.wording import SOURCE_NAMES, aligned, level_name, percent
from negjudge.guidance.methods import METHOD_NAMES


def contest_summary(contest: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that a contest prints beside those of every evaluation."""
    frontiers = contest["frontiers"]
    for matched in frontiers["matched"] if frontiers else ():
        yield f"\nsuccess where {level_name(matched)}"
        yield from aligned(_held(matched))
    yield f"\nbest of n: success by {SOURCE_NAMES.get(contest['source'], contest['source'])}, by who picks"
    yield from aligned(_best_of(contest["best_of"]))
    if contest["cost"]:
        yield f"\ncost of a picture on {contest['cost']['device']}"
        yield from aligned(_cost(contest["cost"]))


def _held(matched: Mapping[str, Any]) -> list[list[str]]:
    rows = sorted(matched["rates"], key=lambda held: -(held["rate"]["estimate"] or 0.0))
    table = [[METHOD_NAMES[held["method"]], percent(held["rate"])] for held in rows]
    best = rows[0]["method"]
    for row, held in zip(table[1:], rows[1:], strict=True):
        gap = _gap(matched["gaps"], best, held["method"])
        p = "" if gap["adjusted"] is None else f", p {gap['adjusted']:.3f}"
        row.append(f"{METHOD_NAMES[best]} {percent(gap, signed=True)}{p}")
    return [[*row, ""][:3] for row in table]


def _gap(gaps: Sequence[Mapping[str, Any]], first: str, second: str) -> Mapping[str, Any]:
    """Return the difference of two contestants, turned round where it is listed the other way."""
    for gap in gaps:
        found: Mapping[str, Any] = gap["difference"]
        if (gap["first"], gap["second"]) == (first, second):
            return found
        if (gap["first"], gap["second"]) == (second, first):
            ends = {"estimate": found["estimate"], "low": found["high"], "high": found["low"]}
            turned = {name: None if value is None else -value for name, value in ends.items()}
            return {**found, **turned}
    raise KeyError(f"{first} and {second}")


def _best_of(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    last = max(row["n"] for row in rows)
    shown = [n for n in (1, 2, 4, 8, 16) if n < last] + [last]
    table = [["", "picker", *(f"n = {n}" for n in shown)]]
    for method, picker in dict.fromkeys((row["method"], row["picker"]) for row in rows):
        mine = {row["n"]: row for row in rows if (row["method"], row["picker"]) == (method, picker)}
        cells = [percent(mine[n]["success"]) if n in mine else "–" for n in shown]
        table.append([METHOD_NAMES[method], SOURCE_NAMES.get(picker, picker), *cells])
    return table


def _cost(cost: Mapping[str, Any]) -> list[list[str]]:
    table = [["", "evaluations", "seconds", "to unguided"]]
    for row in cost["rows"]:
        ratio = row["ratio"]
        spread = f"{ratio['estimate']:.2f} ({ratio['low']:.2f}–{ratio['high']:.2f})"
        table.append([METHOD_NAMES[row["method"]], str(row["evaluations"]), f"{row['seconds']:.3f}", spread])
    return table
