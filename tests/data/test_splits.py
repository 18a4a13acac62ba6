"""Splits: the committed file keeps every promise, and a broken promise is found and named."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from minilab.splits import too_small
from negjudge.data.records import Pair, read_records
from negjudge.data.splits import STRATA, Splits, read_splits, violations
from negjudge.errors import NegjudgeError

PAIRS = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
COMMITTED = read_splits("data/mini/splits.json")


def test_committed_splits_keep_every_promise() -> None:
    assert [*violations(COMMITTED, PAIRS), *too_small(COMMITTED)] == []
    assert all(COMMITTED.judge[stratum] for stratum in STRATA)


def moved(source: str, target: str) -> Splits:
    """Move one pair of the judge from a group to another."""
    judge = dict(COMMITTED.judge)
    judge[source], one = judge[source][1:], judge[source][0]
    judge[target] = (*judge[target], one)
    return dataclasses.replace(COMMITTED, judge=judge)


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("seen", "new_object", "is not new object"),
        ("train", "both_new", "is not both new"),
        ("new_object", "new_element", "is not new element"),
        ("both_new", "train", "is not new object"),
        ("new_element", "validation", "is not both new"),
        ("new_object", "seen", "is not seen"),
        ("strict", "both_new", "strict word"),
    ],
)
def test_a_pair_in_the_wrong_group_is_found(source: str, target: str, said: str) -> None:
    assert any(said in line for line in violations(moved(source, target), PAIRS))


def test_a_test_pair_that_trains_the_judge_is_found() -> None:
    essential = next(i for i in COMMITTED.judge["train"] if PAIRS[i].essential)
    methods = {**COMMITTED.methods, "test": (*COMMITTED.methods["test"], essential)}
    found = violations(dataclasses.replace(COMMITTED, methods=methods), PAIRS)
    assert f"{essential} is in methods test and in judge train" in found


@pytest.mark.parametrize("stratum", STRATA)
def test_a_small_stratum_is_found(stratum: str) -> None:
    judge = {**COMMITTED.judge, stratum: COMMITTED.judge[stratum][:23]}
    found = too_small(dataclasses.replace(COMMITTED, judge=judge))
    assert f"judge {stratum} has 23 pairs, fewer than 24" in found


def test_a_stratum_without_pairs_is_fine_and_methods_need_theirs() -> None:
    judge = {**COMMITTED.judge, "new_element": ()}
    assert too_small(dataclasses.replace(COMMITTED, judge=judge)) == []
    splits = dataclasses.replace(COMMITTED, methods={**COMMITTED.methods, "test": ()})
    assert too_small(splits) == ["methods test has 0 pairs, fewer than 60"]


def test_unknown_pairs_are_named() -> None:
    splits = dataclasses.replace(COMMITTED, methods={"dev": ("cat-propeller",), "test": ()})
    assert violations(splits, PAIRS) == ["unknown pairs: cat-propeller"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not valid JSON"),
        (json.dumps({"methods": {}, "judge": [], "strict": {}}), "'judge' must be an object"),
        (json.dumps({"methods": {"dev": "x"}, "judge": {}, "strict": {}}), "methods.dev must be a list"),
        (json.dumps({"methods": {"devel": []}, "judge": {}, "strict": {}}), "'methods' must be an object"),
    ],
)
def test_a_bad_splits_file_is_one_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "splits.json"
    path.write_text(content)
    with pytest.raises(NegjudgeError, match=said) as caught:
        read_splits(path)
    assert str(path) in str(caught.value)


def test_a_missing_splits_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NegjudgeError, match="is missing"):
        read_splits(tmp_path / "none.json")
