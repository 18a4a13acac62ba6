"""A table as files: CSV with every number as it is, and LaTeX for a paper."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from negjudge.data.durable import write_changed
from negjudge.report.tables.table import Cell, Row, Table

FOLDER = "tables"
LONG = 40  # rows; a longer table breaks across pages
FITTING = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"  # no wider than the text

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
    "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$",
    "−": "$-$", "–": "--", "—": "---", "’": "'", "‘": "`", "“": "``", "”": "''", "…": r"\dots{}",
    "×": r"$\times$", "≤": r"$\le$", "≥": r"$\ge$", "α": r"$\alpha$", "κ": r"$\kappa$", "τ": r"$\tau$",
    "φ": r"$\varphi$", "✓": r"$\surd$", "\u202f": r"\,", "\u00a0": "~", "\n": " ",
}  # fmt: skip


def write_tables(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """Write NAME.csv and NAME.tex of each table into a folder; files of tables that are gone are removed."""
    contents = {}
    for table in tables:
        contents[folder / f"{table.name}.csv"] = to_csv(table)
        contents[folder / f"{table.name}.tex"] = to_latex(table)
    for path, content in contents.items():
        write_changed(path, content)
    for stale in {*folder.glob("*.csv"), *folder.glob("*.tex")} - set(contents):
        stale.unlink()
    return list(contents)


def to_csv(table: Table) -> str:
    """Return a table as CSV: a number a column, so that a head KEY may have KEY_low and KEY_high beside it.

    Numbers are those of metrics.json, shares and not per cent; where a column shows words it holds words.
    Rows of the foot, which repeat what is counted elsewhere, are left out.
    """
    heads: list[str] = []
    columns: list[list[str]] = []
    for key, cells in zip(table.keys, zip(*(row.cells for row in table.rows), strict=True), strict=True):
        heads.append(key)
        columns.append([_csv_value(cell) for cell in cells])
        for part in ("low", "high"):
            if any(getattr(cell, part) is not None for cell in cells):
                heads.append(f"{key}_{part}")
                columns.append([_digits(getattr(cell, part)) for cell in cells])
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(zip(*columns, strict=True))
    return buffer.getvalue()


def to_latex(table: Table) -> str:
    r"""Return a table for ``\input``: it needs booktabs, and graphicx or else longtable.

    One that is wider than the text is shrunk to its width; a long one breaks across pages and is set small.
    """
    columns = "".join("r" if numeric else "l" for numeric in table.numeric)
    title = rf"\caption{{{latex(table.caption)} {latex(table.note)}}}\label{{tab:{table.name}}}"
    head = " & ".join(latex(text) for text in table.heads) + r" \\"
    body = [*_lines(table.rows), *([r"\midrule", *_lines(table.foot)] if table.foot else [])]
    if len(table.rows) > LONG:
        opening = [r"{\tiny\setlength{\tabcolsep}{3pt}", rf"\begin{{longtable}}{{{columns}}}"]
        opening += [rf"{title} \\", r"\toprule", head, r"\midrule"]
        opening += [
            r"\endfirsthead",
            r"\toprule",
            head,
            r"\midrule",
            r"\endhead",
            r"\bottomrule",
            r"\endlastfoot",
        ]
        lines = ["% needs booktabs and longtable", *opening, *body, r"\end{longtable}}"]
    else:
        opening = [r"\begin{table}", r"\centering", title, FITTING]
        opening += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
        closing = [r"\bottomrule", r"\end{tabular}}", r"\end{table}"]
        lines = ["% needs booktabs and graphicx", *opening, head, r"\midrule", *body, *closing]
    return "\n".join(lines) + "\n"


def latex(text: str) -> str:
    """Return text with what LaTeX would take for itself escaped."""
    return "".join(_LATEX.get(letter, letter) for letter in text)


def _lines(rows: Sequence[Row]) -> list[str]:
    return [" & ".join(_in_latex(cell, row.lead) for cell in row.cells) + r" \\" for row in rows]


def _in_latex(cell: Cell, lead: bool) -> str:
    text = rf"\textbf{{{latex(cell.text)}}}" if lead and cell.text else latex(cell.text)
    line = rf"{{\footnotesize {latex(cell.line)}}}" if cell.line else ""
    return " ".join(part for part in (text, line) if part)


def _csv_value(cell: Cell) -> str:
    if cell.estimate is not None:
        return _digits(cell.estimate)
    return "" if cell.is_empty else cell.text or cell.line


def _digits(value: float | None) -> str:
    return "" if value is None else repr(value)
