"""Pictures of another generator: they say in their colours what a reader shall see in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from negjudge.data.records import Pair, read_records
from negjudge.data.splits import read_splits

PAIRS = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
NUMBERS = {pair_id: number for number, pair_id in enumerate(PAIRS)}
TEST = read_splits("data/mini/splits.json").methods["test"]
DEV = read_splits("data/mini/splits.json").methods["dev"]
FIRST, SECOND = TEST[:2]


def paint(
    path: Path, pair: str, kept: bool, removed: bool, mark: int, size: tuple[int, int] = (48, 32)
) -> None:
    """Draw a picture that says in its colours what ``read_files`` shall see, a mark apart from all others."""
    picture = Image.new("RGB", size, (NUMBERS[pair], 255 * kept, 255 * removed))
    picture.putpixel((size[0] - 1, size[1] - 1), (mark % 256, mark // 256, 7))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


@dataclass(frozen=True)
class Seen:
    """What the reader found in a picture."""

    object: str | None
    parts: tuple[str, ...]
    residual: float = 0.0
    difficulty: float = 0.0


def read_files(paths: Sequence[Path]) -> list[Seen]:
    """Read painted pictures, and the scenes that those of the synthetic run carry."""
    found = []
    for path in paths:
        with Image.open(path) as image:
            if "scene" in image.info:
                scene = json.loads(image.info["scene"])
                found.append(Seen(scene["object"], tuple(scene["parts"])))
                continue
            number, kept, removed = image.getpixel((0, 0))  # type: ignore[misc]
        pair = list(PAIRS.values())[number]
        found.append(Seen(pair.object if kept else None, () if removed else (pair.element,)))
    return found
