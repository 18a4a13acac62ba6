"""The tables that a contest adds: frontiers, matched comparisons, best of n, cost."""

from __future__ import annotations

from negjudge.evaluation.contest_summary import level_name
from negjudge.evaluation.summary import SOURCE_NAMES
from negjudge.report.tables import (
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
    rate,
    setting,
    tabulate,
    words,
)
from negjudge.sheets import METHOD_NAMES


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
        f"Every setting that was frozen, by {_source(contest)}, on the {found['pictures']} pictures that all "
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
        columns = [method_column(), Column(level["outcome"].capitalize(), at(rate, "rate"))]
        columns += [_less(row["method"], gaps) for row in rows[:-1]]
        caption = (
            f"{level['outcome'].capitalize()} where {level_name(level)}, by {_source(contest)}: the upper "
            "hull of each contestant’s settings; differences in points."
        )
        tables += tabulate(f"matched-{number_}-{level['measure']}", caption, metrics["note"], columns, rows)
    return tables


def _less(method: str, gaps: dict[tuple[str, str], Record]) -> Column:
    """Return the column of each row's difference from a method, turned round where it is stored so."""

    def cell(row: Record) -> Cell:
        if (row["method"], method) in gaps:
            return difference(gaps[row["method"], method])
        found = gaps.get((method, row["method"]))
        if found is None:
            return EMPTY
        ends = {"estimate": found["estimate"], "low": found["high"], "high": found["low"]}
        return difference({name: None if value is None else -value for name, value in ends.items()})

    return Column(f"Less {METHOD_NAMES[method]}", cell)


def gaps(metrics: Record) -> list[Table]:
    """Return all differences at matched levels with their corrected p-values."""
    contest = metrics["contest"]
    if not contest or not contest["frontiers"]:
        return []
    rows = [
        {**gap, **gap["difference"], "level": level_name(level), "outcome": level["outcome"]}
        for level in contest["frontiers"]["matched"]
        for gap in level["gaps"]
    ]
    columns = [
        Column("Methods", lambda g: words(f"{METHOD_NAMES[g['first']]} less {METHOD_NAMES[g['second']]}")),
        Column("Measure", lambda g: words(g["outcome"])),
        Column("Where", lambda g: words(g["level"], wraps=True)),
        Column("Difference", difference),
        Column("p, corrected", at(p_cell, "adjusted")),
    ]
    caption = (
        "Differences at matched levels, in points; p-values are corrected by Holm’s method at each level."
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
        Column("Picked by", lambda row: words(SOURCE_NAMES[row["picker"]])),
        Column("Evaluations a picture", at(count, "evaluations")),
        *(Column(f"n = {n}", at(lambda one: rate(one["success"]), n)) for n in shown),
    ]
    caption = (
        f"Success of the one picture that is picked among n, by {_source(contest)}; exact over all choices "
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


def _source(contest: Record) -> str:
    return SOURCE_NAMES[contest["source"]]
