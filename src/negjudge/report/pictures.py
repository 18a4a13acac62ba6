"""The report's picture grids: the same pair and seed across the methods, as pictures inside the page."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from negjudge.attention_sheet import STEM
from negjudge.errors import NegjudgeError
from negjudge.evaluation.external_store import DEVICE
from negjudge.evaluation.methods import UNGUIDED, methods_in
from negjudge.evaluation.readings import SampleReading
from negjudge.metrics import outcome
from negjudge.questions import with_article
from negjudge.records import METHODS, Sample
from negjudge.runs import SHEETS
from negjudge.sheets import METHOD_NAMES

Mark = Literal["success", "still there", "object lost"]
SIDE = 192  # pixels; larger pictures are made smaller


@dataclass(frozen=True)
class Cell:
    """One picture: which method made it, its data URI, and what the oracle says of it, if anything."""

    method: str
    uri: str
    mark: Mark | None


@dataclass(frozen=True)
class GridRow:
    """One pair and seed: what was asked for, what was named as negative, a cell for each method."""

    prompt: str
    negative: str
    element: str
    seed: int
    cells: tuple[Cell, ...]


def grid(
    run: Path, samples: Iterable[Sample], readings: Mapping[str, SampleReading], rows: int
) -> list[GridRow]:
    """Return one row for each of at most ``rows`` pairs, its first seed, in an order drawn by lot.

    The lot is the hash of the pair's id, so that nobody has picked what is shown.
    """
    pairs: dict[str, list[Sample]] = {}
    for sample in samples:
        pairs.setdefault(sample.pair, []).append(sample)
    drawn = sorted(pairs, key=lambda pair: hashlib.sha256(pair.encode()).hexdigest())[:rows]
    return [_row(run, pairs[pair], readings) for pair in drawn]


def _row(run: Path, samples: Sequence[Sample], readings: Mapping[str, SampleReading]) -> GridRow:
    seed = samples[0].seed
    mine = {sample.method: sample for sample in samples if sample.seed == seed}
    for sample in samples:  # another generator's seeds are its own: its first picture
        if sample.device == DEVICE:
            mine.setdefault(sample.method, sample)
    guided = next((sample for sample in mine.values() if sample.method != UNGUIDED), samples[0])
    cells = [
        Cell(METHOD_NAMES[method], thumbnail(run / mine[method].image), _mark(mine[method], readings))
        for method in methods_in(mine.values())
    ]
    return GridRow(guided.prompt, guided.negative, with_article(guided.element), seed, tuple(cells))


def _mark(sample: Sample, readings: Mapping[str, SampleReading]) -> Mark | None:
    reading = readings.get(sample.id)
    if reading is None:
        return None
    seen = outcome(sample, reading)
    if not seen.kept:
        return "object lost"
    return "success" if seen.removed else "still there"


def attention(run: Path) -> list[str]:
    """Return the run's sheets of attention as data URIs, in the order of the methods."""
    paths = (run / SHEETS / f"{STEM}-{method}.png" for method in METHODS)
    return [
        f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
        for path in paths
        if path.exists()
    ]


def thumbnail(path: Path) -> str:
    """Return a picture as a data URI of at most ``SIDE`` pixels a side, free of metadata."""
    try:
        with Image.open(path) as image:
            small = image.convert("RGB")
    except (OSError, ValueError):
        raise NegjudgeError(f"{path} is no picture; make it again, or bring it in again") from None
    buffer = io.BytesIO()
    if max(small.size) > SIDE:
        small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        small.save(buffer, "JPEG", quality=85)
        kind = "jpeg"
    else:
        small.save(buffer, "PNG", optimize=True)
        kind = "png"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
