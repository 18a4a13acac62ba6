"""The report's picture grids: the same pair and seed across the methods, small, inside the page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from negjudge.data.questions import with_article
from negjudge.data.records import Sample
from negjudge.data.runs import SHEETS
from negjudge.evaluation.evidence.scored import methods_in
from negjudge.evaluation.methods.pairs import Mark
from negjudge.generation.sheets.attention import STEM
from negjudge.guidance.methods import METHOD_NAMES, METHODS, UNGUIDED
from negjudge.pictures import encoded, opened

SIDE = 144  # pixels; larger pictures are made smaller
EXACT = 72  # pixels; pictures as small as this stay as they are


@dataclass(frozen=True)
class Cell:
    """One picture: which method made it, its data URI, and what became of it, where somebody has looked."""

    method: str
    uri: str
    mark: Mark | None


@dataclass(frozen=True)
class GridRow:
    """One pair and seed: what was asked for, what was named as negative, a cell for each method."""

    pair: str
    prompt: str
    negative: str
    element: str
    seed: int
    cells: tuple[Cell, ...]


def grid(
    run: Path, samples: Iterable[Sample], marks: Mapping[str, Mark], pairs: Sequence[str]
) -> list[GridRow]:
    """Return one row for each of ``pairs`` that has pictures, its first seed, in their order.

    ``marks`` say what became of a picture, by its sample's id.
    """
    found: dict[str, list[Sample]] = {pair: [] for pair in pairs}
    for sample in samples:
        if sample.pair in found:
            found[sample.pair].append(sample)
    return [_row(run, mine, marks) for mine in found.values() if mine]


def drawn(pairs: Iterable[str]) -> list[str]:
    """Return pairs in an order drawn by lot: the hash of the id, so that nobody has picked what is shown."""
    return sorted(set(pairs), key=lambda pair: hashlib.sha256(pair.encode()).hexdigest())


def firsts(samples: Sequence[Sample]) -> dict[str, Sample]:
    """Return a pair's pictures at its first seed, by method."""
    seed = samples[0].seed
    mine = {sample.method: sample for sample in samples if sample.seed == seed}
    for sample in samples:  # another generator's seeds are its own: its first picture
        if sample.is_external:
            mine.setdefault(sample.method, sample)
    return mine


def _row(run: Path, samples: Sequence[Sample], marks: Mapping[str, Mark]) -> GridRow:
    mine = firsts(samples)
    guided = next((sample for sample in mine.values() if sample.method != UNGUIDED), samples[0])
    cells = [
        Cell(METHOD_NAMES[method], thumbnail(run / mine[method].image), marks.get(mine[method].id))
        for method in methods_in(mine.values())
    ]
    element = with_article(guided.element)
    return GridRow(guided.pair, guided.prompt, guided.negative, element, samples[0].seed, tuple(cells))


def attention(run: Path) -> list[str]:
    """Return the run's sheets of attention as data URIs, in the order of the methods."""
    paths = (run / SHEETS / f"{STEM}-{method}.png" for method in METHODS)
    return [_uri(opened(path), "JPEG", quality=80) for path in paths if path.exists()]


def thumbnail(path: Path) -> str:
    """Return a picture as a data URI of at most ``SIDE`` pixels a side, free of metadata."""
    small = opened(path, SIDE)
    if small.width * small.height <= EXACT**2:
        return _uri(small, "PNG", optimize=True)
    return _uri(small, "JPEG", quality=82)


def _uri(image: Image.Image, kind: str, **options: Any) -> str:
    return f"data:image/{kind.lower()};base64,{base64.b64encode(encoded(image, kind, **options)).decode()}"
