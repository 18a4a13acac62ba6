"""The interface that all judges of pictures share, and errors that stay in their places."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from PIL import Image

from negjudge.errors import NegjudgeError
from negjudge.judge import Judge, Scorer, VQAScore
from negjudge.judge.endpoint.judge import EndpointJudge
from negjudge.judge.prompts import noun_pairs
from negjudge.judge.scorer import errors_in_place


@pytest.mark.parametrize("kind", [Judge, VQAScore, EndpointJudge])
def test_every_judge_is_asked_alike(kind: Any) -> None:
    asked, wanted = (list(inspect.signature(one.score).parameters.values()) for one in (kind, Scorer))
    assert [(p.name, p.default) for p in asked[: len(wanted)]] == [(p.name, p.default) for p in wanted]
    assert all(p.default is not p.empty for p in asked[len(wanted) :])  # more may be asked, and need not


def square(side: int) -> Image.Image:
    return Image.new("RGB", (side, side))


def test_an_error_stands_in_its_pictures_place() -> None:
    batches = []

    def ask(pictures: Any, questions: Any) -> list[tuple[int, str]]:
        batches.append(len(pictures))
        return [(picture.width, question) for picture, question in zip(pictures, questions, strict=True)]

    images = ["nowhere.png", square(1), square(2), "gone.png", "away.png", square(3)]
    found = list(errors_in_place(ask, images, list("abcdef"), batch_size=2))
    assert found == [
        "there is no picture nowhere.png", (1, "b"), (2, "c"), "there is no picture gone.png",
        "there is no picture away.png", (3, "f"),
    ]  # fmt: skip
    assert batches == [1, 1, 1]
    assert list(errors_in_place(ask, images[3:5], ["d", "e"], batch_size=2)) == found[3:5]
    assert batches == [1, 1, 1]  # without a picture nothing is asked


def test_answers_come_batch_by_batch() -> None:
    seen: list[int] = []
    found = errors_in_place(
        lambda some, _: seen.extend(p.width for p in some) or some, [square(1), square(2)], "ab", 1
    )
    next(found)
    assert seen == [1]


def test_no_batch_is_smaller_than_one() -> None:
    with pytest.raises(NegjudgeError, match="batch_size is 0; it must be at least 1"):
        list(errors_in_place(lambda pictures, _: pictures, [square(1)], ["a"], 0))


def test_a_noun_counts_for_all_pictures() -> None:
    assert noun_pairs("cup", ["handle", "lid"], 2) == [("cup", "handle"), ("cup", "lid")]
    assert noun_pairs([], "lid", 0) == []
    with pytest.raises(NegjudgeError, match="3 pictures but 2 elements"):
        noun_pairs("cup", ["handle", "lid"], 3)
