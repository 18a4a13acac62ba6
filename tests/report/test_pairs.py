"""The pairs on the page: a sheet of all pictures each, the ends that stand near the top, a bounded page."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from negjudge.data.records import Pair, Sample, append_records, write_records
from negjudge.errors import NegjudgeError
from negjudge.evaluation.methods.pairs import PairMethod, PairRow
from negjudge.evaluation.stage import evaluate
from negjudge.report.page import compose
from negjudge.report.pairs.sheets import GAP, LINE, PairSheet, draw, stem_of, write_pair_sheets
from negjudge.report.pairs.views import extremes


def sample(name: str, method: str = "vsf", seed: int = 0, pair: str = "mug-handle", side: int = 64) -> Sample:
    return Sample(
        id=name, pair=pair, object="mug", element="handle", prompt="a mug", negative="handle", method=method,
        params={}, seed=seed, image=f"images/{name}.png", sha256=name, model="m", revision="0", steps=4,
        width=side, height=side, device="cpu", dtype="float32",
    )  # fmt: skip


def row(pair: str, methods: Mapping[str, PairMethod], why: str = "") -> PairRow:
    return PairRow(pair, "mug", "handle", "a mug", "handle", "", "part", why, "oracle", methods)


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
    painted(tmp_path, {"a": "red"}, side=96)
    samples = [sample("a", seed=seed, side=96) for seed in range(700)]
    assert draw(tmp_path, PairSheet("one", tuple(samples), {}))


@pytest.mark.parametrize("pair", ["a/../b", "Vélo sans roues", "x" * 300, "Mug-Handle", "", "con'\"<>&#?%"])
def test_any_pair_has_a_name_that_files_and_addresses_bear(pair: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{1,80}", stem_of(pair))
    assert stem_of(pair) != stem_of(pair + "2")


def test_the_worst_and_the_best_are_by_success_and_never_the_same_pair() -> None:
    success = {f"p{n}": n / 10 for n in range(9)}
    rows = [row(p, {"vsf": PairMethod(4, s, 1.0, s, {})}) for p, s in success.items()]
    ends = extremes(rows, "vsf")
    assert ends is not None
    assert (list(ends.worst), list(ends.best)) == (["p0", "p1", "p2", "p3"], ["p8", "p7", "p6", "p5"])
    equal = extremes([row(p, {"vsf": PairMethod(4, 0.5, 1.0, 0.5, {})}) for p in success], "vsf")
    assert equal is not None
    assert len({*equal.worst, *equal.best}) == 8
    assert extremes(rows[:1], "vsf") is None
    assert extremes(rows, "nag") is None


@pytest.mark.parametrize(("pairs", "methods", "seeds"), [(500, 5, 4), (5000, 2, 1)])
def test_ten_thousand_pictures_leave_the_page_under_its_bound(
    synthetic: Any, tmp_path: Path, pairs: int, methods: int, seeds: int
) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    metrics = evaluate(synthetic.recipe_for(run), run)
    source = next((run / "images").iterdir())
    names = ["none", "vsf", "gpt-image", "VSF, leak", "another"][:methods]
    rows, samples = [], []
    for number in range(pairs):
        found: dict[str, PairMethod] = {}
        for method in names:
            made = [
                sample(f"{number}-{names.index(method)}-{s}", method, s, f"p{number}") for s in range(seeds)
            ]
            found[method] = PairMethod(seeds, 0.5, 0.5, 0.5, {one.id: "success" for one in made})
            samples += made
        why = "Pictures of a mug nearly always show one, and the word stands in every caption."
        rows.append(row(f"p{number}", found, why))
    assert len(samples) == 10_000
    for one in samples:
        os.link(source, run / one.image)
    (run / "samples.jsonl").unlink()
    append_records(run / "samples.jsonl", samples)
    splits = {"methods": {"test": [one.pair for one in rows]}, "judge": {}, "strict": {}}
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    write_records(
        tmp_path / "pairs.jsonl", [Pair(one.pair, "mug", "handle", "a mug", "handle") for one in rows]
    )
    recipe = synthetic.recipe_for(
        run, pairs=str(tmp_path / "pairs.jsonl"), splits=str(tmp_path / "splits.json")
    )
    report = compose(recipe, run, dataclasses.replace(metrics, pairs=tuple(rows)))
    assert len(report.text.encode()) < 4_000_000
    assert len(report.sheets) == report.text.count('class="pair"')
    whole = len(report.sheets) == pairs
    assert whole == (pairs == 500)
    assert ("the page has no room for more" in report.text) != whole
    assert len(report.tables["pairs"].rows) == pairs
