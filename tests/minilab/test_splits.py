"""The splits that the script draws of PartWorld's pairs are the committed ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from minilab.make_splits import SEED, pairs, world
from minilab.splits import make_splits
from negjudge.data.records import Pair, read_records
from negjudge.data.splits import read_splits, splits_json
from negjudge.errors import NegjudgeError

PAIRS = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
COMMITTED = read_splits("data/mini/splits.json")


def test_committed_files_are_what_the_script_makes() -> None:
    assert list(PAIRS.values()) == pairs()
    made = make_splits(world(), pairs(), seed=SEED)
    assert splits_json(made) == Path("data/mini/splits.json").read_text()


def test_every_pair_of_the_world_has_one_group() -> None:
    listed = [i for ids in COMMITTED.judge.values() for i in ids]
    assert sorted(listed) == sorted(PAIRS)
    assert all(COMMITTED.stratum(i) for i in PAIRS)


def test_no_fine_tuning_object_always_shows_a_held_out_element() -> None:
    held_out = COMMITTED.held_out_elements(PAIRS)
    objects = {PAIRS[i].object for g in ("train", "validation") for i in COMMITTED.judge[g]}
    shown = {element for name in objects for element, essential in world()[name].items() if essential}
    assert held_out
    assert not held_out & shown


def test_a_world_too_small_to_split_says_so() -> None:
    small = {name: world()[name] for name in ("car", "bus", "house", "cat")}
    kept = [pair for pair in pairs() if pair.object in small]
    with pytest.raises(NegjudgeError, match="no splits found"):
        make_splits(small, kept, draws=50)
