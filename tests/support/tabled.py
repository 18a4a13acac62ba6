"""A small table: one of its columns is empty, one holds an interval."""

from __future__ import annotations

from negjudge.report.tables.table import Column, Table, count, rate, tabulate, words
from negjudge.statistics.clusters import Interval

RATE = Interval(0.458333, 0.274832, 0.653879)


def table(records: int = 2, name: str = "some") -> Table:
    """Return a table of so many rows."""
    columns: list[Column[int]] = [
        Column("Method", lambda n: words(f"A_{n} & B")),
        Column("Success", lambda _: rate(RATE)),
        Column("Collateral", lambda _: rate(None)),
        Column("p, corrected", lambda n: count(n)),
    ]
    found = tabulate(name, "Caption 50 %.", "Note.", columns, range(records))
    return found[0]
