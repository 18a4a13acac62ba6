"""The rows that stand for a run: which they are follows from what became of the pictures."""

from __future__ import annotations

from pathlib import Path

import recorded
from PIL import Image

from negjudge.data.records import Sample
from negjudge.evaluation.methods.pairs import Mark
from negjudge.report.hero import Hero, telling
from negjudge.report.pictures import drawn

PAIRS = drawn(f"car-part{number}" for number in range(8))


def run_of(outcomes: dict[str, list[Mark]]) -> tuple[list[Sample], dict[str, Mark]]:
    """Return pictures of pairs by lot and what became of them by method; unguided ones fail."""
    samples, marks = [], dict[str, Mark]()
    for place, pair in enumerate(PAIRS):
        for method, said in {"none": ["still there"] * len(PAIRS), **outcomes}.items():
            for seed in (3, 4):
                one = recorded.sample(pair, method, seed)
                samples.append(one)
                # The second seed would show everything at once: it is not looked at.
                marks[one.id] = said[place] if seed == 3 else "success"  # type: ignore[assignment]
    return samples, marks


FAILS: Mark = "still there"


def test_a_row_stands_for_each_first_success_and_failure() -> None:
    outcomes: dict[str, list[Mark]] = {
        "vsf": [FAILS, FAILS, "success", FAILS, FAILS, FAILS, FAILS, FAILS],
        "nag": [FAILS, "object lost", FAILS, FAILS, "success", "success", FAILS, FAILS],
    }
    assert telling(*run_of(outcomes)) == [PAIRS[0], PAIRS[2], PAIRS[4]]


def test_the_order_of_the_pictures_says_nothing() -> None:
    samples, marks = run_of({"vsf": [FAILS] * 5 + ["success"] * 3})
    assert telling(samples, marks) == telling(samples[8:] + samples[:8], marks) == [PAIRS[0], PAIRS[5]]


def test_what_nobody_could_read_stands_for_nothing() -> None:
    samples, marks = run_of({"vsf": ["undecided", FAILS, *["success"] * 6]})
    assert telling(samples, marks) == [PAIRS[1], PAIRS[2]]
    assert telling(samples, {}) == []


def test_the_picture_has_a_row_a_pair_and_what_became_of_each(tmp_path: Path) -> None:
    samples, marks = run_of({"vsf": [FAILS, "success", *[FAILS] * 6]})
    for sample in samples:
        (tmp_path / sample.image).parent.mkdir(exist_ok=True)
        colour = (200, 0, 0) if sample.method == "vsf" else (0, 0, 200)
        Image.new("RGB", (8, 8), colour).save(tmp_path / sample.image)
    Hero(samples, marks, telling(samples, marks), "the oracle").write(tmp_path, tmp_path / "hero.png")
    with Image.open(tmp_path / "hero.png") as image:
        colours = {colour for _, colour in image.getcolors(1 << 20)}
        red = sum(count for count, colour in image.getcolors(1 << 20) if colour == (200, 0, 0))
    assert {(200, 0, 0), (0, 0, 200)} <= colours
    assert red == 2 * 144 * 144


def test_without_pictures_there_is_none(tmp_path: Path) -> None:
    Hero([], {}, [], "").write(tmp_path, tmp_path / "hero.png")
    assert not (tmp_path / "hero.png").exists()
