"""A sheet of all pictures of a pair: what stands where, made again only where it changed, within a JPEG."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from negjudge.data.records import Sample
from negjudge.errors import NegjudgeError
from negjudge.report.pairs.sheets import GAP, LINE, MOST_SEEDS, PairSheet, draw, stem_of, write_pair_sheets


def sample(name: str, method: str = "vsf", seed: int = 0, pair: str = "mug-handle", side: int = 64) -> Sample:
    return Sample(
        id=name, pair=pair, object="mug", element="handle", prompt="a mug", negative="handle", method=method,
        params={}, seed=seed, image=f"images/{name}.png", sha256=name, model="m", revision="0", steps=4,
        width=side, height=side, device="cpu", dtype="float32",
    )  # fmt: skip


def painted(run: Path, colours: Mapping[str, str], side: int = 64) -> None:
    (run / "images").mkdir(exist_ok=True)
    for name, colour in colours.items():
        Image.new("RGB", (side, side), colour).save(run / "images" / f"{name}.png")


def near(found: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(found, colour, strict=True))


def test_a_sheet_has_a_column_a_method_a_row_a_seed_and_marks(tmp_path: Path) -> None:
    painted(tmp_path, {"a": "red", "b": "blue", "c": "lime"}, side=300)
    samples = (sample("a", "none", side=300), sample("b", side=300), sample("c", seed=7, side=300))
    sheet = PairSheet("mug-handle", samples, {"b": "success", "c": "object lost"})
    write_pair_sheets(tmp_path, tmp_path / "pairs", [sheet])
    with Image.open(tmp_path / "pairs" / "mug-handle.jpg") as image:
        page = image.convert("RGB")
    width, height = 96 + GAP, 96 + LINE + GAP
    assert page.size == (2 * width, 2 * height)
    assert near(page.getpixel((48, 48)), (255, 0, 0))
    assert near(page.getpixel((width + 48, 48)), (0, 0, 255))
    assert near(page.getpixel((width + 48, height + 48)), (0, 255, 0))
    assert near(page.getpixel((48, height + 48)), (255, 255, 255))
    line = 96 + LINE // 2
    assert near(page.getpixel((width + 48, line)), (4, 120, 87))
    assert near(page.getpixel((48, line)), (255, 255, 255))
    lost = [near(page.getpixel((width + x, height + line)), (194, 65, 12)) for x in (10, 48, 86)]
    assert lost == [True, False, True]


def test_a_sheet_is_made_again_only_when_it_shows_something_else(tmp_path: Path) -> None:
    painted(tmp_path, {"a": "red", "b": "blue"})
    one, two = PairSheet("one", (sample("a"),), {}), PairSheet("two", (sample("b"),), {})
    assert write_pair_sheets(tmp_path, tmp_path / "pairs", [one, two]) == 2
    assert write_pair_sheets(tmp_path, tmp_path / "pairs", [one, two]) == 0
    marked = PairSheet("one", (sample("a"),), {"a": "success"})
    assert write_pair_sheets(tmp_path, tmp_path / "pairs", [marked]) == 1
    assert [path.name for path in (tmp_path / "pairs").iterdir()] == ["one.jpg"]
    (tmp_path / "pairs" / "one.jpg").write_bytes(b"torn")
    assert write_pair_sheets(tmp_path, tmp_path / "pairs", [marked]) == 1


def test_a_picture_that_is_gone_is_named_and_leaves_no_sheet(tmp_path: Path) -> None:
    with pytest.raises(NegjudgeError, match=r"images/a\.png is no picture"):
        write_pair_sheets(tmp_path, tmp_path / "pairs", [PairSheet("one", (sample("a"),), {})])
    assert not (tmp_path / "pairs").exists() or not list((tmp_path / "pairs").iterdir())


def test_more_seeds_than_a_jpeg_can_hold_are_cut(tmp_path: Path) -> None:
    painted(tmp_path, {"a": "red", "b": "blue", "c": "lime"}, side=96)
    names = {0: "a", MOST_SEEDS - 1: "b"}  # the first and the last that are shown; green is beyond
    samples = [sample(names.get(s, "c" if s >= MOST_SEEDS else "a"), seed=s, side=96) for s in range(700)]
    sheet = PairSheet("one", tuple(samples), {})
    assert sheet.seeds == list(range(MOST_SEEDS))
    with Image.open(io.BytesIO(draw(tmp_path, sheet))) as image:
        page = image.convert("RGB")
    height = 96 + LINE + GAP
    assert page.size == (96 + GAP, MOST_SEEDS * height)
    assert near(page.getpixel((48, 48)), (255, 0, 0))
    assert near(page.getpixel((48, (MOST_SEEDS - 1) * height + 48)), (0, 0, 255))


@pytest.mark.parametrize("pair", ["a/../b", "Vélo sans roues", "x" * 300, "Mug-Handle", "", "con'\"<>&#?%"])
def test_any_pair_has_a_name_that_files_and_addresses_bear(pair: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{1,80}", stem_of(pair))
    assert stem_of(pair) != stem_of(pair + "2")
