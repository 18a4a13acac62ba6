"""Contact sheets beside the page: all pictures of a pair in one JPEG, a column a method, a row a seed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from negjudge.data.durable import write_atomically
from negjudge.data.records import Sample
from negjudge.evaluation.evidence.scored import methods_in
from negjudge.evaluation.methods.pairs import Mark
from negjudge.pictures import encoded, opened
from negjudge.progress import progress_bar

FOLDER = "pairs"
SIDE, GAP, LINE = 96, 6, 4  # pixels: a picture at most, the space after it, the mark below it
MOST_SEEDS = 200  # a JPEG is at most 65,535 pixels high
MANY = 300  # pictures; drawing more shows a bar
VERSION = 1  # of the drawing: another one makes every sheet again
COLOURS: Mapping[Mark, str] = {"success": "#047857", "object lost": "#c2410c", "undecided": "#6b7280"}


@dataclass(frozen=True)
class PairSheet:
    """What one sheet shows: the samples of a pair, and what became of each, by sample id."""

    stem: str
    samples: tuple[Sample, ...]
    marks: Mapping[str, Mark]

    @property
    def methods(self) -> list[str]:
        """The methods, a column each."""
        return methods_in(self.samples)

    @property
    def seeds(self) -> list[int]:
        """The seeds, a row each, in the order in which they were used."""
        return list(dict.fromkeys(sample.seed for sample in self.samples))[:MOST_SEEDS]

    @property
    def side(self) -> int:
        """The side of a picture's square in pixels."""
        return min(SIDE, max(max(sample.width, sample.height) for sample in self.samples))

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of one picture with its mark and the space after it."""
        return self.side + GAP, self.side + LINE + GAP

    @property
    def fingerprint(self) -> str:
        """The hash of all that is drawn, which the file carries."""
        said = [(s.id, s.sha256, s.method, s.seed, self.marks.get(s.id)) for s in self.samples]
        return hashlib.sha256(repr((VERSION, SIDE, GAP, LINE, said)).encode()).hexdigest()


def stem_of(pair: str) -> str:
    """Return a pair's name in files and addresses: its id, or where that is no good one, with its hash."""
    safe = re.sub(r"[^a-z0-9]+", "-", pair.lower()).strip("-")[:60]
    return pair if pair and safe == pair else f"{safe}-{hashlib.sha256(pair.encode()).hexdigest()[:8]}"


def write_pair_sheets(run: Path, folder: Path, sheets: Sequence[PairSheet]) -> int:
    """Write ``STEM.jpg`` of each sheet into a folder; return how many were made.

    A sheet that is there and shows the same is not made again; sheets of pairs that are gone are removed.
    Raises NegjudgeError where a picture is missing or broken.
    """
    for stale in set(folder.glob("*.jpg")) - {_path(folder, sheet) for sheet in sheets}:
        stale.unlink()
    due = [sheet for sheet in sheets if not _is_current(_path(folder, sheet), sheet.fingerprint)]
    many = sum(len(sheet.samples) for sheet in due) > MANY
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        with progress_bar("pictures by pair", len(due), "pairs", shown=many) as advance:
            for _ in pool.map(lambda sheet: write_atomically(_path(folder, sheet), draw(run, sheet)), due):
                advance()
    finally:
        # After an error or a Ctrl-C the sheets that are made stay, and no further ones are begun.
        pool.shutdown(cancel_futures=True)
    return len(due)


def draw(run: Path, sheet: PairSheet) -> bytes:
    """Return a sheet as JPEG: a mark below each picture, so that it is told apart without its colour too."""
    methods, seeds = sheet.methods, sheet.seeds
    step, height = sheet.pixels
    page = Image.new("RGB", (len(methods) * step, len(seeds) * height), "white")
    pen = ImageDraw.Draw(page)
    places = {seed: number for number, seed in enumerate(seeds)}
    for sample in sheet.samples:
        if sample.seed not in places:
            continue
        left, top = methods.index(sample.method) * step, places[sample.seed] * height
        small = opened(run / sample.image, sheet.side)
        page.paste(small, (left + (sheet.side - small.width) // 2, top + sheet.side - small.height))
        _draw_mark(pen, sheet.marks.get(sample.id), left, top + sheet.side + 1, sheet.side)
    return encoded(page, "JPEG", quality=75, optimize=True, comment=sheet.fingerprint)


def _draw_mark(pen: ImageDraw.ImageDraw, mark: Mark | None, left: int, top: int, width: int) -> None:
    """Draw a whole line for success, two dashes for a lost object, a dot where nobody could decide."""
    spans: Iterable[tuple[float, float]] = {
        "success": [(0.0, 1.0)],
        "object lost": [(0.0, 0.4), (0.6, 1.0)],
        "undecided": [(0.45, 0.55)],
    }.get(mark or "", [])
    for start, end in spans:
        area = (left + start * width, top, left + end * width - 1, top + LINE - 2)
        pen.rectangle(area, fill=COLOURS[mark] if mark else None)


def _path(folder: Path, sheet: PairSheet) -> Path:
    return folder / f"{sheet.stem}.jpg"


def _is_current(path: Path, fingerprint: str) -> bool:
    try:
        with Image.open(path) as image:
            return image.info.get("comment") == fingerprint.encode()
    except OSError:
        return False
