"""Pictures of another generator, which say in their colours what a reader shall see; manifests of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import synthetic
from PIL import Image

from negjudge.data.records import Pair, Sample, read_records
from negjudge.data.splits import read_splits
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.external.importing import Imported, import_pictures

PAIRS = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
NUMBERS = {pair_id: number for number, pair_id in enumerate(PAIRS)}
TEST = read_splits("data/mini/splits.json").methods["test"]
DEV = read_splits("data/mini/splits.json").methods["dev"]
FIRST, SECOND = TEST[:2]
# Of the pictures that ``fill`` makes.
ROWS = [f"{pair}-{seed}.png,{pair},gpt-image" for pair in TEST[:4] for seed in range(2)]


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


def fill(folder: Path) -> Path:
    """Make a folder with two pictures of each of four test pairs; the second of each succeeds."""
    for number, pair in enumerate(TEST[:4]):
        for seed in range(2):
            paint(folder / f"{pair}-{seed}.png", pair, True, seed == 1, 2 * number + seed)
    return folder


def manifest(folder: Path, rows: Sequence[str], columns: str = "image,pair,method") -> Path:
    """Write a manifest beside a folder."""
    path = folder.parent / "m.csv"
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def recipe_for(run: Path, folder: Path, path: Path, **changes: object) -> EvalRecipe:
    """Return the recipe that brings in what a manifest names, for a run folder that may be empty."""
    run.mkdir(exist_ok=True)
    values = {"reader": "painted:read_files", "images": str(folder), "manifest": str(path)}
    return synthetic.recipe_for(run, **{**values, **changes})


def import_for(recipe: EvalRecipe, run: Path) -> Imported:
    """Bring in what the recipe names, as the commands do."""
    return import_pictures(run, recipe.images, recipe.manifest, recipe.pairs, recipe.splits, recipe.replace)


def stored(run: Path) -> dict[tuple[str, str, int], Sample]:
    """Return what was brought in, by pair, method and seed."""
    samples = read_records(run / "external" / "samples.jsonl", Sample)
    return {(sample.pair, sample.method, sample.seed): sample for sample in samples}


def contents(run: Path) -> dict[str, bytes]:
    """Return all files of what was brought in."""
    place = run / "external"
    return {str(p.relative_to(place)): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}
