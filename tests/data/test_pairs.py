"""Pairs are read from files and folders, and chosen by the parts of splits."""

from pathlib import Path

import pytest

from negjudge.data.pairs import read_pairs, select_pairs
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError


@pytest.fixture
def splits(recipe_values):
    return read_splits(recipe_values["splits"])


def test_parts_are_joined_and_each_pair_comes_once(pairs, splits):
    chosen = select_pairs(pairs, splits, ["methods/test", "judge/train", "methods/test"])
    assert [pair.id for pair in chosen] == [*splits.methods["test"], *splits.judge["train"]]


def test_an_unknown_part_is_named_with_the_known_ones(pairs, splits):
    with pytest.raises(NegjudgeError, match=r"methods/tset.*methods/test"):
        select_pairs(pairs, splits, ["methods/tset"])


def test_a_split_of_pairs_that_are_not_there_is_refused(pairs, splits):
    lacking = {name: pair for name, pair in pairs.items() if name != "bicycle-seat"}
    with pytest.raises(NegjudgeError, match="bicycle-seat"):
        select_pairs(lacking, splits, ["methods/test"])


def test_a_pair_that_comes_twice_is_named(recipe_values, tmp_path):
    path = tmp_path / "twice.jsonl"
    lines = Path(recipe_values["pairs"]).read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]))
    with pytest.raises(NegjudgeError, match=r"bicycle-seat.*twice"):
        read_pairs(path)


def test_a_folder_gives_the_pairs_of_all_its_files(pairs, recipe_values, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    lines = Path(recipe_values["pairs"]).read_text().splitlines(keepends=True)
    (folder / "test.jsonl").write_text("".join(lines[:2]))
    (folder / "dev.jsonl").write_text("".join(lines[2:]))
    assert list(read_pairs(folder)) == [*list(pairs)[2:], *list(pairs)[:2]]
    (folder / "more.jsonl").write_text(lines[0])
    with pytest.raises(NegjudgeError, match=r"folder: the pair .* twice"):
        read_pairs(folder)


def test_pairs_that_are_missing_are_named(tmp_path):
    with pytest.raises(NegjudgeError, match=r"none\.jsonl"):
        read_pairs(tmp_path / "none.jsonl")
