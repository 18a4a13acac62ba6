"""Tables as files: CSV with every number as it is, LaTeX that needs nothing escaped by hand."""

from __future__ import annotations

import csv
import dataclasses
import io
from dataclasses import replace
from pathlib import Path

import pytest
from tabled import RATE, table

from negjudge.report.tables.files import LONG, latex, to_csv, to_latex, write_tables
from negjudge.report.tables.table import Cell, Row, Table


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


ESCAPES = {
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
}


@pytest.mark.parametrize(("letter", "escaped"), ESCAPES.items())
def test_every_letter_that_latex_reads_is_escaped(letter: str, escaped: str) -> None:
    assert latex(letter) == escaped


FOOTED = replace(table(), foot=(Row((Cell("pictures"), Cell("8"), Cell(""))),))


def test_a_foot_is_for_readers_and_not_for_programs() -> None:
    assert to_csv(FOOTED) == to_csv(table())
    assert r"\midrule" + "\n" + r"pictures & 8 &  \\" in to_latex(FOOTED)


def test_the_row_to_find_is_bold() -> None:
    first, *others = table().rows
    text = to_latex(replace(table(), rows=(replace(first, lead=True), *others)))
    assert r"\textbf{A\_0 \& B} & \textbf{46 \%} {\footnotesize 27--65} & \textbf{0} \\" in text
    assert r"A\_1 \& B & 46 \%" in text


def test_csv_has_what_a_cell_shows_where_it_is_no_number() -> None:
    cells = [Cell("VSF"), Cell("–"), Cell("", "a line"), Cell("12 %", estimate=0.1234567890123)]
    rows = tuple(Row((cell,)) for cell in cells)
    assert to_csv(Table("some", "", "", ("Head",), rows)).splitlines() == [
        "head", "VSF", '""', "a line", "0.1234567890123",
    ]  # fmt: skip
