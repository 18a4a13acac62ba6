"""Sheets show what they say: each picture in its row and column, and legible labels."""

import numpy as np
import pytest
from PIL import Image

from negjudge.records import Sample
from negjudge.sheets import (
    GAP,
    LABEL,
    MARGIN,
    Row,
    Sheet,
    draw_sheet,
    write_hero,
    write_run_sheets,
    write_sheets,
)

METHODS = {"none": {}, "cfg": {"scale": 3.0}, "vsf": {"scale": 1.5, "leak": False}}
HEAD = 96


def picture(pair: int, method: str, seed: int) -> tuple[int, int, int]:
    return 40 * pair, 50 + 60 * list(METHODS).index(method), 90 * seed


@pytest.fixture
def samples(tmp_path):
    made = []
    for seed in range(2):
        for pair in range(3):
            for method in ("vsf", "none", "cfg"):  # not the order of the columns
                name = f"{pair}-{method}-{seed}"
                (tmp_path / "images").mkdir(exist_ok=True)
                Image.new("RGB", (16, 16), picture(pair, method, seed)).save(tmp_path / f"images/{name}.png")
                made.append(
                    Sample(
                        id=name,
                        pair=f"cat-{pair}",
                        object="cat" if pair < 2 else "dog",
                        element="tail",
                        prompt="a cat",
                        negative="tail",
                        method=method,
                        params=METHODS[method],
                        seed=seed,
                        image=f"images/{name}.png",
                        sha256="",
                        model="m",
                        revision="r",
                        steps=2,
                        width=16,
                        height=16,
                        device="cpu",
                        dtype="float32",
                    )
                )
    return made


def centre(image: Image.Image, row: int, column: int, cell: int) -> tuple[int, ...]:
    x = MARGIN + LABEL + column * (cell + GAP) + cell // 2
    return image.getpixel((x, HEAD + row * (cell + GAP) + cell // 2))


def test_every_picture_stands_in_its_row_and_column(samples, tmp_path):
    (file, hero) = write_run_sheets(tmp_path, samples, [], [])
    assert (file.name, hero.name) == ("test-01.png", "hero.png")
    with Image.open(file) as image:
        for row in range(3):
            for column, method in enumerate(METHODS):
                assert centre(image, row, column, 160) == picture(row, method, 0)


def test_the_hero_has_one_row_an_object(samples, tmp_path):
    with Image.open(write_hero(tmp_path, samples)) as image:
        assert centre(image, 0, 0, 144) == picture(0, "none", 0)
        assert centre(image, 1, 2, 144) == picture(2, "vsf", 0)
        assert image.height < HEAD + 3 * (144 + GAP)


def test_long_lists_are_paged_and_stale_pages_go(samples, tmp_path):
    pages = write_sheets(tmp_path, samples, "judge", "Judge", rows_a_sheet=1)
    assert [page.name for page in pages] == ["judge-01.png", "judge-02.png", "judge-03.png"]
    (tmp_path / "sheets/judge-notes.png").write_bytes(b"a person's")
    write_sheets(tmp_path, samples, "judge", "Judge", rows_a_sheet=2)
    left = {path.name for path in (tmp_path / "sheets").iterdir()}
    assert left == {"judge-01.png", "judge-02.png", "judge-notes.png"}


def test_an_unchanged_sheet_is_not_written_again(samples, tmp_path):
    (file, *_) = write_run_sheets(tmp_path, samples, [], [])
    before = file.stat().st_mtime_ns
    write_run_sheets(tmp_path, samples, [], [])
    assert file.stat().st_mtime_ns == before


def test_labels_and_headings_are_drawn():
    sheet = Sheet("Title", (("VSF", "scale 1"),), (Row(("a cat", "without tail"), (None,)),))
    page = np.asarray(draw_sheet(sheet, 100))
    ink = (page < 128).any(axis=2)
    label, heading, title = ink[HEAD:196, :LABEL], ink[50:HEAD, LABEL:], ink[:45]
    assert min(label.sum(), heading.sum(), title.sum()) > 100
    assert not ink[HEAD:196, LABEL + MARGIN :].any()
