"""The few rows of pictures that show at a glance what methods do: chosen by a rule, not by eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from negjudge.data.durable import write_changed
from negjudge.data.records import Sample
from negjudge.evaluation.evidence.scored import methods_in
from negjudge.evaluation.methods.pairs import Mark
from negjudge.generation.sheets.contact import Row, Sheet, draw_sheet
from negjudge.guidance.methods import METHOD_NAMES, UNGUIDED
from negjudge.pictures import encoded
from negjudge.report.pictures import drawn, firsts

FILE = "hero.png"
RULE = (
    "Pairs in the order of a lot, each at its first seed. A row stands here if it is the first in which some "
    "method succeeds, or the first in which it fails."
)
SAID: Mapping[Mark, str] = {"success": "✓ gone", "still there": "still there"}


def telling(samples: Sequence[Sample], marks: Mapping[str, Mark]) -> list[str]:
    """Return the pairs that the rule takes: all that is to be seen of each guided method, in few rows.

    A picture of which nobody could say what became of it tells nothing.
    """
    found, shown = list[str](), set[tuple[str, bool]]()
    by_pair: dict[str, list[Sample]] = {}
    for sample in samples:
        by_pair.setdefault(sample.pair, []).append(sample)
    for pair in drawn(by_pair):
        seen = {
            (sample.method, marks[sample.id] == "success")
            for sample in firsts(by_pair[pair]).values()
            if sample.method != UNGUIDED and marks.get(sample.id, "undecided") != "undecided"
        }
        if seen - shown:
            found.append(pair)
            shown |= seen
    return found


@dataclass(frozen=True)
class Hero:
    """The rows as one picture: the run's samples, what became of them by ``source``, the pairs shown."""

    samples: Sequence[Sample]
    marks: Mapping[str, Mark]
    pairs: Sequence[str]
    source: str

    def write(self, run: Path, file: Path, cell: int = 144) -> None:
        """Draw it into a file, a column a method; without pairs there is none."""
        methods = methods_in(self.samples)
        sheet = Sheet(
            "One prompt and one noise a row; what is red is the negative prompt",
            tuple((METHOD_NAMES[method], "") for method in methods),
            tuple(self._row(run, pair, methods) for pair in self.pairs),
            f"{RULE} What stands over a picture is by {self.source}.",
        )
        if sheet.rows:
            write_changed(file, encoded(draw_sheet(sheet, cell), "PNG", optimize=True))

    def _row(self, run: Path, pair: str, methods: Sequence[str]) -> Row:
        mine = firsts([sample for sample in self.samples if sample.pair == pair])
        guided = next(sample for sample in mine.values() if sample.method != UNGUIDED)
        found = [mine.get(method) for method in methods]
        return Row(
            (guided.prompt, f"without {guided.negative}"),
            tuple(run / sample.image if sample else None for sample in found),
            tuple(_said(self.marks.get(sample.id)) if sample else "" for sample in found),
        )


def _said(mark: Mark | None) -> str:
    return "" if mark is None else SAID.get(mark, mark)
