"""The tables that a contest adds: frontiers, matched comparisons, best of n, cost."""

from __future__ import annotations

from dataclasses import replace

from negjudge.evaluation.wording import level_name, source_names
from negjudge.guidance.methods import METHOD_NAMES
from negjudge.report.tables.table import (
    EMPTY,
    Cell,
    Column,
    Record,
    Table,
    at,
    count,
    decimal,
    difference,
    method_column,
    number,
    p_cell,
    p_value,
    rate,
    setting,
    tabulate,
    words,
)


def frontier(metrics: Record) -> list[Table]:
    """Return every frozen setting's rates on the test pairs; the chosen ones lead."""
    contest = metrics["contest"]
    if not contest or not contest["frontiers"]:
        return []
    found = contest["frontiers"]
    residual = "Residual" if contest["source"] == "oracle" else "Expected rating"
    columns = [
        method_column(),
        Column("Setting", lambda point: words(setting(point["params"]), wraps=True)),
        *(Column(m.capitalize(), at(rate, m)) for m in ("success", "kept", "removed", "collateral")),
        Column(residual, at(number, "quality")),
        Column("Chosen on dev", lambda point: words("yes" if point["chosen"] else "")),
    ]
    caption = (
        f"Every setting that was frozen, by {_source(metrics)}, on the {found['pictures']} pictures that all "
        f"have ({found['pairs']} pairs)."
    )
    return tabulate(
        "frontier", caption, metrics["note"], columns, found["points"], lead=lambda point: point["chosen"]
    )


def matched(metrics: Record) -> list[Table]:
    """Return for each level what the contestants reach there, and how they differ from each other."""
    contest = metrics["contest"]
    if not contest or not contest["frontiers"]:
        return []
    tables = []
    for number_, level in enumerate(contest["frontiers"]["matched"], start=1):
        rows = sorted(level["rates"], key=lambda held: -(held["rate"]["estimate"] or 0.0))
        gaps = {(g["first"], g["second"]): g["difference"] for g in level["gaps"]}
        columns = [method_column(), Column("Success", at(rate, "rate"))]
        columns += [_less(row["method"], gaps) for row in rows[:-1]]
        caption = (
            f"Success where {level_name(level)}, by {_source(metrics)}: the upper hull of each contestant’s "
            "settings; differences in points, p corrected by Holm’s method at this level."
        )
        if level["measure"] == "quality":
            caption += f" {_quality_bound(level, contest['source'])}"
        tables += tabulate(f"matched-{number_}-{level['measure']}", caption, metrics["note"], columns, rows)
    return tables


def _quality_bound(level: Record, source: str) -> str:
    """Say what a share of the unguided quality is: residuals are better where they are lower."""
    if source == "oracle":
        return (
            f"Quality is the oracle’s residual, lower is better: it is held at {level['limit']:.3f} or less, "
            f"the residual without guidance divided by {level['at']:g}."
        )
    return (
        f"Quality is the {'mean' if source == 'labels' else 'expected'} rating: it is held at "
        f"{level['limit']:.2f} or more, {level['at']:g} times the rating without guidance."
    )


def _less(method: str, gaps: dict[tuple[str, str], Record]) -> Column:
    """Return the column of each row's difference from a method, turned round where it is stored so."""

    def cell(row: Record) -> Cell:
        if (row["method"], method) in gaps:
            return _with_p(gaps[row["method"], method])
        found = gaps.get((method, row["method"]))
        if found is None:
            return EMPTY
        ends = {"estimate": found["estimate"], "low": found["high"], "high": found["low"]}
        turned = {name: None if value is None else -value for name, value in ends.items()}
        return _with_p({**found, **turned})

    return Column(f"Less {METHOD_NAMES[method]}", cell)


def _with_p(gap: Record) -> Cell:
    """Return a difference's cell with the corrected p-value behind the interval."""
    cell = difference(gap)
    if gap["adjusted"] is None:
        return cell
    return replace(cell, line=f"{cell.line}, p {p_value(gap['adjusted'])}")


def gaps(metrics: Record) -> list[Table]:
    """Return all differences at matched levels with their corrected p-values."""
    contest = metrics["contest"]
    if not contest or not contest["frontiers"]:
        return []
    rows = [
        {**gap, **gap["difference"], "level": level_name(level)}
        for level in contest["frontiers"]["matched"]
        for gap in level["gaps"]
    ]
    columns = [
        Column("Methods", lambda g: words(f"{METHOD_NAMES[g['first']]} less {METHOD_NAMES[g['second']]}")),
        Column("Where", lambda g: words(g["level"], wraps=True)),
        Column("Difference", difference),
        Column("p, corrected", at(p_cell, "adjusted")),
    ]
    caption = (
        "Differences in success at matched levels, in points; p-values corrected by Holm’s method at each."
    )
    return tabulate("matched", caption, metrics["note"], columns, rows)


def best_of(metrics: Record) -> list[Table]:
    """Return the success of the picture that is picked among n, by who picks."""
    contest = metrics["contest"]
    if not contest or not contest["best_of"]:
        return []
    rows: dict[tuple[str, str], dict[str, Record]] = {}
    for row in contest["best_of"]:
        rows.setdefault((row["method"], row["picker"]), {})[str(row["n"])] = row
    last = max(row["n"] for row in contest["best_of"])
    shown = [str(n) for n in (1, 2, 4, 8, 16) if n < last] + [str(last)]
    records = [
        {"method": method, "picker": picker, "evaluations": mine["1"]["evaluations"], **mine}
        for (method, picker), mine in rows.items()
    ]
    columns = [
        method_column(),
        Column("Picked by", lambda row: words(source_names(metrics)[row["picker"]])),
        Column("Evaluations a picture", at(count, "evaluations")),
        *(Column(f"n = {n}", at(lambda one: rate(one["success"]), n)) for n in shown),
    ]
    caption = (
        f"Success of the one picture that is picked among n, by {_source(metrics)}; exact over all choices "
        "of n of the seeds."
    )
    return tabulate("best-of-n", caption, metrics["note"], columns, records)


def cost(metrics: Record) -> list[Table]:
    """Return what a picture costs with each contestant."""
    contest = metrics["contest"]
    if not contest or not contest["cost"]:
        return []
    found = contest["cost"]
    columns = [
        method_column(),
        Column("Evaluations", at(count, "evaluations")),
        Column("Seconds", at(lambda value: decimal(value, 3), "seconds")),
        Column("To unguided", at(number, "ratio")),
    ]
    caption = (
        f"What a picture costs on {found['device']}: one batch of {found['pictures']} by each contestant in "
        f"turn, {found['rounds']} times; medians, with the lowest and the highest round."
    )
    return tabulate("cost", caption, metrics["note"], columns, found["rows"])


def _source(metrics: Record) -> str:
    return source_names(metrics)[metrics["contest"]["source"]]
