"""The test pairs one by one: what a section of the page says of each, and which stand near the top."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from negjudge.data.records import Sample
from negjudge.evaluation.methods.pairs import Mark, PairRow
from negjudge.report.pairs.sheets import SIDE, PairSheet, stem_of
from negjudge.report.pictures import drawn

EXTREMES = 4  # pairs shown near the top, at either end


@dataclass(frozen=True)
class PairView:
    """One pair's section: its row of metrics.json, its sheet, the method that the page is ordered by."""

    row: PairRow
    sheet: PairSheet
    best: str

    @property
    def group(self) -> str:
        """What the page filters by: the category, or the object where the pairs have none."""
        return self.row.category or self.row.object

    @property
    def success(self) -> float | None:
        """The success of the finding's best method."""
        found = self.row.methods.get(self.best)
        return found.success if found else None

    @property
    def shown(self) -> tuple[float, float]:
        """The width and height in pixels at which a picture's cell is shown: small ones are enlarged."""
        scale = SIDE / self.sheet.side
        width, height = self.sheet.pixels
        return round(width * scale), round(height * scale)


@dataclass(frozen=True)
class Extremes:
    """The ids of the worst and the best pairs of a method, and how many pairs they were taken from."""

    method: str
    worst: Sequence[str]
    best: Sequence[str]
    among: int


def views(rows: Sequence[PairRow], samples: Iterable[Sample], best: str) -> list[PairView]:
    """Return a view of each pair of metrics.json that has pictures."""
    found: dict[str, list[Sample]] = {row.pair: [] for row in rows}
    for sample in samples:
        if sample.pair in found:
            found[sample.pair].append(sample)
    marks = marks_of(rows)
    return [
        PairView(row, PairSheet(stem_of(row.pair), tuple(found[row.pair]), marks), best)
        for row in rows
        if found[row.pair]
    ]


def marks_of(rows: Iterable[PairRow]) -> dict[str, Mark]:
    """Return what became of each picture, by its sample's id."""
    return {key: mark for row in rows for m in row.methods.values() for key, mark in m.marks.items()}


def extremes(rows: Sequence[PairRow], method: str) -> Extremes | None:
    """Return the pairs on which a method does worst and best; among equals the lot decides.

    ``None`` where there are too few pairs to have two ends.
    """
    success = {row.pair: row.methods[method].success for row in rows if method in row.methods}
    ordered = sorted(drawn(success), key=lambda pair: success[pair])
    count = min(EXTREMES, len(ordered) // 2)
    if not count:
        return None
    rest = [pair for pair in drawn(success) if pair not in ordered[:count]]
    best = sorted((pair for pair in rest if success[pair] > 0), key=lambda pair: -success[pair])[:count]
    return Extremes(method, ordered[:count], best, len(ordered))
