"""Tables: what a cell shows and sorts by, and which columns are there."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import pytest
from tabled import RATE, table

from negjudge.report.tables.table import (
    EMPTY,
    Cell,
    Column,
    Row,
    Table,
    count,
    decimal,
    difference,
    number,
    p_cell,
    rate,
    setting,
    share,
    tabulate,
    words,
)
from negjudge.statistics.clusters import Difference, Interval

GAP = Difference(0.458333, 0.274832, 0.653879, p=0.01, more=9, less=1)


def test_a_column_that_is_empty_in_every_row_is_left_out() -> None:
    assert table().heads == ("Method", "Success", "p, corrected")
    assert tabulate("none", "", "", [Column("Method", lambda _: words("x"))], []) == []


def test_a_cell_shows_what_is_rounded_and_sorts_by_what_is_not() -> None:
    assert rate(RATE) == Cell("46 %", "27–65", 0.458333, 0.274832, 0.653879)
    assert difference(dataclasses.replace(GAP, estimate=-0.004)).text == "0"
    assert float(difference(GAP).key) == 0.458333
    assert (number(None).key, words("VSF").key) == ("", "VSF")
    assert rate(Interval(0.5, None, None)).line == ""
    assert rate(Interval(math.nan, None, None)) == rate(None)


@pytest.mark.parametrize(
    ("cell", "text", "line"),
    [
        (count(12.0), "12", ""),
        (share(0.126), "13 %", ""),
        (decimal(-0.004), "0.00", ""),
        (decimal(0.12345, 3), "0.123", ""),
        (number(Interval(0.21, -0.154, 0.27)), "0.21", "−0.15–0.27"),
        (number(Interval(3.14159, None, None), 1), "3.1", ""),
        (rate(Interval(1.0, 0.875, 1.0)), "100 %", "88–100"),
        (difference(GAP), "+46", "+27 to +65"),
        (difference(dataclasses.replace(GAP, estimate=-0.2, low=-0.3, high=0.001)), "−20", "−30 to 0"),
        (p_cell(0.0004), "< 0.001", ""),
        (p_cell(0.04999), "0.050", ""),
        (words("a setting"), "a setting", ""),
    ],
)
def test_numbers_are_written_for_people(cell: Cell, text: str, line: str) -> None:
    assert (cell.text, cell.line) == (text, line)


@pytest.mark.parametrize("make", [count, share, decimal])
def test_what_is_not_known_is_a_dash(make: Callable[[float | None], Cell]) -> None:
    assert make(None) == make(math.nan) == EMPTY


def test_neither_is_what_has_no_interval_or_no_words() -> None:
    assert rate(None) == number(None) == difference(None) == p_cell(None) == words("") == EMPTY
    assert EMPTY.is_empty
    assert not Cell("", "a line").is_empty


def test_a_setting_is_named_value_by_value() -> None:
    assert setting({"scale": 1.50, "offset": 0.0, "padding": "full", "leak": True, "steps": 4}) == (
        "scale 1.5, offset 0, padding full, leak True, steps 4"
    )
    assert setting({}) == "–"


def test_heads_become_names_of_columns_and_words_are_told_from_numbers() -> None:
    heads = ("Method", "p, corrected", "Krippendorff’s α", "κ")
    cells = Cell("VSF"), p_cell(0.5), number(None), rate(Interval(0.5, 0.4, 0.6))
    made = Table("some", "", "", heads, (Row(cells),))
    assert made.keys == ("method", "p_corrected", "krippendorff_alpha", "kappa")
    assert made.numeric == (False, True, True, True)
