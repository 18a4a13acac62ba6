"""Tables: what a cell shows is rounded, what it sorts by is not."""

from __future__ import annotations

from negjudge.report.tables.table import Cell, Column, Table, count, difference, number, rate, tabulate, words

RATE = {"estimate": 0.458333, "low": 0.274832, "high": 0.653879}


def table(records: int = 2, name: str = "some") -> Table:
    columns = [
        Column("Method", lambda row: words(f"A_{row['n']} & B")),
        Column("Success", lambda row: rate(RATE)),
        Column("Collateral", lambda _: rate(None)),
        Column("p, corrected", lambda row: count(row["n"])),
    ]
    found = tabulate(name, "Caption 50 %.", "Note.", columns, [{"n": n} for n in range(records)])
    return found[0]


def test_a_column_that_is_empty_in_every_row_is_left_out() -> None:
    assert table().heads == ("Method", "Success", "p, corrected")
    assert tabulate("none", "", "", [Column("Method", lambda _: words("x"))], []) == []


def test_a_cell_shows_what_is_rounded_and_sorts_by_what_is_not() -> None:
    assert rate(RATE) == Cell("46 %", "27–65", 0.458333, 0.274832, 0.653879)
    assert difference({"estimate": -0.004, "low": -0.1, "high": 0.1}).text == "0"
    assert float(difference(RATE).key) == 0.458333
    assert (number(None).key, words("VSF").key) == ("", "VSF")
    assert rate({"estimate": 0.5, "low": None, "high": None}).line == ""
