"""What a table is: heads, rows, and cells that know their text, their numbers and how they sort."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from negjudge.data.records import Params
from negjudge.evaluation.methods.table import Rated
from negjudge.evaluation.wording import interval, points
from negjudge.guidance.methods import METHOD_NAMES
from negjudge.statistics.clusters import Difference, Interval

DASH = "–"

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class OfMethod(Protocol):
    """A record of metrics.json that is about one method."""

    @property
    def method(self) -> str: ...


@dataclass(frozen=True)
class Cell:
    """One cell: the ``text``, a smaller ``line`` below it, and the numbers that it shows, as they are.

    Rates and differences of rates are shares, not per cent: what is rounded is the text alone.
    """

    text: str
    line: str = ""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    wraps: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.text in ("", DASH) and not self.line

    @property
    def key(self) -> str:
        """What the page sorts by: the number, or the text; nothing (sorted last) for an empty cell."""
        if self.estimate is not None:
            return f"{self.estimate:g}"
        return "" if self.is_empty else self.text


EMPTY = Cell(DASH)


@dataclass(frozen=True)
class Row:
    """A row's cells, the first of which is its head. A ``lead`` row is the one that the eye should find."""

    cells: tuple[Cell, ...]
    lead: bool = False


@dataclass(frozen=True)
class Table:
    """A table: ``name`` is the stem of its files; the rows of ``foot`` stay below when the others are sorted.

    ``note`` says what the figures are and are not, and stands behind the caption wherever the table goes.
    """

    name: str
    caption: str
    note: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    foot: tuple[Row, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The heads as names of a program's columns: "p, corrected" is ``p_corrected``."""
        return tuple(_key(head) for head in self.heads)

    @property
    def numeric(self) -> tuple[bool, ...]:
        """For each column, whether what it shows are numbers."""
        columns = zip(*(row.cells for row in self.rows), strict=True)
        return tuple(
            all(cell.estimate is not None or cell.is_empty or bool(cell.line) for cell in cells)
            for cells in columns
        )


@dataclass(frozen=True)
class Column(Generic[T_contra]):
    """A column: its head, and the cell that it makes of a record of metrics.json."""

    head: str
    cell: Callable[[T_contra], Cell]


def tabulate(
    name: str,
    caption: str,
    note: str,
    columns: Iterable[Column[T]],
    records: Iterable[T],
    lead: Callable[[T], bool] = lambda _: False,
    foot: Sequence[Sequence[Cell]] = (),
) -> list[Table]:
    """Return the table of some records in a list, and no table where there are none.

    A column that is empty in every row is left out. ``foot`` has as many cells a row as there are columns.
    """
    columns = list(columns)
    rows = [([column.cell(record) for column in columns], lead(record)) for record in records]
    if not rows:
        return []
    kept = [n for n in range(len(columns)) if n == 0 or not all(cells[n].is_empty for cells, _ in rows)]
    return [
        Table(
            name=name,
            caption=caption,
            note=note,
            heads=tuple(columns[n].head for n in kept),
            rows=tuple(Row(tuple(cells[n] for n in kept), leads) for cells, leads in rows),
            foot=tuple(Row(tuple(cells[n] for n in kept)) for cells in foot),
        )
    ]


def words(text: str, wraps: bool = False) -> Cell:
    """Return a cell of words; those of a sentence or a setting may break into lines."""
    return Cell(text or DASH, wraps=wraps)


def count(value: float | None) -> Cell:
    """Return a cell of a whole number."""
    return EMPTY if value is None or math.isnan(value) else Cell(f"{value:.0f}", estimate=value)


def share(value: float | None) -> Cell:
    """Return a cell of a share as "12 %", without an interval."""
    return EMPTY if value is None or math.isnan(value) else Cell(f"{100 * value:.0f} %", estimate=value)


def decimal(value: float | None, places: int = 2) -> Cell:
    """Return a cell of a number without an interval."""
    return EMPTY if value is None or math.isnan(value) else Cell(interval(value, places), estimate=value)


def rate(value: Interval | None) -> Cell:
    """Return a cell of a rate as "46 %", its interval "27–65" below."""
    return _with_interval(value, lambda one: f"{100 * one:.0f}", " %", DASH)


def number(value: Interval | None, places: int = 2) -> Cell:
    """Return a cell of a number as "0.21", its interval "0.15–0.27" below."""
    return _with_interval(value, lambda one: interval(one, places), "", DASH)


def difference(value: Difference | None) -> Cell:
    """Return a cell of a difference of rates in points as "+42", its interval "+22 to +62" below."""
    return _with_interval(value, points, "", " to ")


def method_column() -> Column[OfMethod]:
    """Return the column of the method's name."""
    return Column("Method", lambda row: words(METHOD_NAMES[row.method]))


def rate_columns() -> list[Column[Rated]]:
    """Return a column for each measure that is a rate."""
    return [
        Column("Success", lambda row: rate(row.success)),
        Column("Kept", lambda row: rate(row.kept)),
        Column("Removed", lambda row: rate(row.removed)),
        Column("Collateral", lambda row: rate(row.collateral)),
    ]


def p_cell(value: float | None) -> Cell:
    """Return a cell of a p-value as people write it."""
    return EMPTY if value is None else Cell(p_value(value), estimate=value)


def p_value(value: float | None) -> str:
    """Return a p-value as people write it."""
    if value is None:
        return DASH
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def setting(values: Params) -> str:
    """Return a method's setting as "scale 1.5, offset 0"."""
    return ", ".join(f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in values.items()) or DASH


def _with_interval(
    value: Interval | Difference | None, show: Callable[[float], str], unit: str, to: str
) -> Cell:
    if value is None or math.isnan(value.estimate):
        return EMPTY
    line = "" if value.low is None or value.high is None else f"{show(value.low)}{to}{show(value.high)}"
    return Cell(f"{show(value.estimate)}{unit}", line, value.estimate, value.low, value.high)


def _key(head: str) -> str:
    plain = head.lower().replace("’s", "").replace("α", "alpha").replace("κ", "kappa")
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
