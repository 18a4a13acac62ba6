"""Sheets show what they say: each picture in its row and column, and legible labels."""

import numpy as np
import pytest
from PIL import Image

from negjudge.data.records import Sample
from negjudge.generation.sheets.contact import (
    GAP,
    LABEL,
    MARGIN,
    Row,
    Sheet,
    draw_sheet,
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
    (file,) = write_run_sheets(tmp_path, samples, [], [])
    assert file.name == "test-01.png"
    with Image.open(file) as image:
        for row in range(3):
            for column, method in enumerate(METHODS):
                assert centre(image, row, column, 160) == picture(row, method, 0)


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


def test_a_sheet_without_columns_has_a_heading_for_each_picture(tmp_path):
    files = []
    for number in range(4):
        files.append(tmp_path / f"{number}.png")
        Image.new("RGB", (32, 16), (0, 0, 60 * number)).save(files[-1])
    rows = tuple(Row((), tuple(files[i : i + 2]), ("seed 7", "seed 8")) for i in (0, 2))
    page = draw_sheet(Sheet("Title", (), rows, negative="without tail", label_width=0), 100, 50)
    head, step = page.height - 2 * MARGIN - 14 - 2 * (50 + GAP + 26), 50 + GAP + 26
    for row in (0, 1):
        for column in (0, 1):
            left, top = MARGIN + column * (100 + GAP), head + row * step
            assert page.getpixel((left + 50, top + 26 + 25)) == (0, 0, 60 * (2 * row + column))
            heading = np.asarray(page.crop((left, top, left + 100, top + 24)))
            assert (heading < 128).any(axis=2).sum() > 20
    red = np.asarray(page.crop((0, MARGIN + 26, page.width, head)))
    assert ((red[..., 0] > 150) & (red[..., 1] < 80)).sum() > 50


def test_a_long_title_and_a_long_note_keep_inside_the_sheet():
    words = "a very long prompt " * 40
    page = np.asarray(draw_sheet(Sheet(words, (("VSF", ""),), (), words), 100))
    ink = (page < 200).any(axis=2)
    assert not ink[:, -MARGIN:].any()
    short = draw_sheet(Sheet("a prompt", (("VSF", ""),), (), "a note"), 100)
    assert page.shape[0] == short.height + 5 * 26 + 2 * 16  # six lines at most, three below


def test_a_heading_shrinks_to_its_column():
    page = np.asarray(draw_sheet(Sheet("T", (("schedule cosine", ""), ("", "")), ()), 100))
    assert not (page[40:, MARGIN + LABEL + 100 + GAP :] < 128).any()
