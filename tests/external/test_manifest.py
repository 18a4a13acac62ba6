"""A manifest's rows: each is used or named with its line, whatever stands around it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from negjudge.external.manifest import Manifest, read_manifest

PAIRS, TAKEN = ("car-wheels", "cat-tail"), ("vsf",)
HEAD = "image,pair,method,seed,prompt,negative,model,evaluations"


def read(folder: Path, text: str) -> Manifest:
    path = folder / "m.csv"
    path.write_bytes(text.encode())
    return read_manifest(path, PAIRS, TAKEN)


def test_a_row_in_full_and_a_row_with_as_little_as_can_be(tmp_path: Path) -> None:
    rows = "a.png,car-wheels,gpt,7,a car,rims,v2,28\nb.png,cat-tail,gpt,,,,,\n"
    full, bare = read(tmp_path, f"{HEAD}\n{rows}").entries
    assert (full.line, full.image, full.pair, full.method, full.seed) == (2, "a.png", "car-wheels", "gpt", 7)
    assert (full.prompt, full.negative, full.model, full.evaluations) == ("a car", "rims", "v2", 28)
    assert (bare.line, bare.seed, bare.prompt, bare.model, bare.evaluations) == (3, None, None, "", None)
    assert bare.negative == ""  # an empty cell is no negative prompt; without the column it is the pair's
    (without,) = read(tmp_path, "method,image,pair\ngpt,b.png,cat-tail\n").entries
    assert (without.image, without.negative) == ("b.png", None)


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    lines = [
        "image,pair,method",
        "",
        '"a',
        'b.png",car-wheels,gpt',
        "c.png,car-wheels,vsf",
        "d.png, cat-tail , gpt ",
    ]
    found = read(tmp_path, "\r\n".join(lines))
    assert [(entry.line, entry.pair) for entry in found.entries] == [(3, "car-wheels"), (6, "cat-tail")]
    assert [(row.line, row.reason) for row in found.rejected] == [
        (5, "the run makes pictures with 'vsf' itself; give these another name")
    ]
    assert found.named == {"a\r\nb.png", "c.png", "d.png"}


def test_an_open_quote_swallows_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, 'image,pair,method\n"a.png,car-wheels,gpt\nb.png,cat-tail,gpt\n')
    assert [(row.line, row.reason) for row in found.rejected] == [(2, "its quotes do not match")]
    assert [entry.image for entry in found.entries] == ["b.png"]


def test_all_faults_of_a_row_are_told_with_the_nearest_name(tmp_path: Path) -> None:
    (row,) = read(tmp_path, f"{HEAD}\n,car-wheel,NAG,-1,,,,0\n").rejected
    assert row.reason == (
        "the image has no name and there is no pair 'car-wheel' (did you mean 'car-wheels'?) and the method"
        " 'NAG' reads like 'nag'; write that, or another name and the seed '-1' is not a whole number from 0"
        " on and the evaluations '0' is not a whole number from 1 on"
    )


@pytest.mark.parametrize(
    ("seed", "right"), [(str(2**63 - 1), True), (str(2**63), False), ("٣", False), ("07", True)]
)
def test_seeds_are_what_a_generator_takes(tmp_path: Path, seed: str, right: bool) -> None:
    found = read(tmp_path, f"image,pair,method,seed\na.png,cat-tail,gpt,{seed}\n")
    assert (len(found.entries), len(found.rejected)) == (right, not right)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_row_is_used_or_rejected(tmp_path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [["image", "pair", "method"], *rows]
    )
    found = read(tmp_path, text.getvalue())
    lines = [row.line for row in (*found.entries, *found.rejected)]
    assert len(set(lines)) == len(lines) == len(rows)
    assert all(entry.cells[0] == entry.image for entry in found.entries)
    assert all(row.reason and "\n" not in row.reason for row in found.rejected)
