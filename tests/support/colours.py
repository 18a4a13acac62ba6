"""Readers that guidance can please: there are wheels where a picture's left is redder than its right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageStat


@dataclass(frozen=True)
class Seen:
    """What a reader found in a picture."""

    object: str | None
    parts: tuple[str, ...]
    residual: float = 0.1
    difficulty: float = 0.0


def read_colours(paths: Sequence[Path]) -> list[Seen]:
    """Read a bicycle where the left is not much greener than the right, and nothing elsewhere."""
    return [_read(path) for path in paths]


def read_bicycles(paths: Sequence[Path]) -> list[Seen]:
    """Read a bicycle in every picture."""
    return [_bicycle(path) for path in paths]


def _read(path: Path) -> Seen:
    left, right = _halves(path)
    parts = ("wheels", "lid", "spout") if left[0] > right[0] else ("handle",)
    return Seen("bicycle" if left[1] > right[1] - 10 else None, parts)


def _bicycle(path: Path) -> Seen:
    left, right = _halves(path)
    return Seen("bicycle", ("wheels", "seat", "lid") if left[0] > right[0] else ("seat", "lid"))


def _halves(path: Path) -> tuple[list[float], list[float]]:
    """Mean red, green and blue of the left and the right half of a picture of 32 by 32."""
    with Image.open(path) as image:
        left, right = (ImageStat.Stat(image.crop(box)).mean for box in ((0, 0, 16, 32), (16, 0, 32, 32)))
    return left, right
