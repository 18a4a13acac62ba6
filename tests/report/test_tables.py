"""Tables: the same figures on the page, in CSV and in LaTeX."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from pathlib import Path

import pytest

from negjudge.report.tables.files import LONG, latex, to_csv, to_latex, write_tables
from negjudge.report.tables.table import Cell, Column, Table, count, difference, number, rate, tabulate, words
from negjudge.statistics.clusters import Difference, Interval

RATE = Interval(0.458333, 0.274832, 0.653879)
GAP = Difference(0.458333, 0.274832, 0.653879, p=0.01, more=9, less=1)


def table(records: int = 2, name: str = "some") -> Table:
    columns: list[Column[int]] = [
        Column("Method", lambda n: words(f"A_{n} & B")),
        Column("Success", lambda _: rate(RATE)),
        Column("Collateral", lambda _: rate(None)),
        Column("p, corrected", lambda n: count(n)),
    ]
    found = tabulate(name, "Caption 50 %.", "Note.", columns, range(records))
    return found[0]


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


def test_csv_holds_every_number_in_a_column_of_its_own() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(table()))))
    assert [list(row) for row in rows] == [
        ["method", "success", "success_low", "success_high", "p_corrected"]
    ] * 2
    assert [float(rows[0][key]) for key in ("success", "success_low", "success_high")] == list(
        dataclasses.astuple(RATE)
    )
    assert rows[1]["method"] == "A_1 & B"


def test_latex_escapes_and_says_what_it_needs() -> None:
    text = to_latex(table())
    assert r"\caption{Caption 50 \%. Note.}\label{tab:some}" in text
    assert r"A\_1 \& B & 46 \% {\footnotesize 27--65} & 1 \\" in text
    assert r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%" in text.splitlines()
    assert r"\begin{tabular}{lrr}" in text
    assert text.splitlines()[0] == "% needs booktabs and graphicx"
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert text.isascii()
    assert latex("−3 {α} ~ 1\\2") == r"$-$3 \{$\alpha$\} \textasciitilde{} 1\textbackslash{}2"
    long = to_latex(table(LONG + 1))
    assert "longtable" in long.splitlines()[0]
    assert long.count(r"\toprule") == 2
    assert long.count("{") == long.count("}")


def test_files_of_tables_that_are_gone_are_removed(tmp_path: Path) -> None:
    write_tables(tmp_path, [table(name="old")])
    first = write_tables(tmp_path, [table()])
    before = [path.stat().st_mtime_ns for path in first]
    assert [path.stat().st_mtime_ns for path in write_tables(tmp_path, [table()])] == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["some.csv", "some.tex"]


@pytest.mark.parametrize("letter", "&%$#_{}~^\\")
def test_every_letter_that_latex_reads_is_escaped(letter: str) -> None:
    assert latex(letter) != letter
