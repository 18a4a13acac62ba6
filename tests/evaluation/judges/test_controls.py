"""Judges that see no picture: what they know, and that they know nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import recorded

from negjudge.evaluation.judges.controls import (
    GUESSER,
    SETTINGS_ONLY,
    TEXT_ONLY,
    controls,
    guess,
)
from negjudge.evaluation.judges.questions import Item


def item(pair: str, method: str, seed: int, label: bool, scale: float = 1.0) -> Item:
    sample = recorded.sample(pair, method, seed, params={"scale": scale})
    return Item(sample, "plain", sample.object, label)


CELL = [item("car-wheels", "vsf", seed, label) for seed, label in enumerate([True, True, True, False])]


def test_the_guesser_answers_with_the_rate_of_the_others() -> None:
    found = guess([*CELL, item("car-wheels", "nag", 0, True), item("bus-wheels", "vsf", 0, False)])
    assert found.probabilities == pytest.approx([2 / 3, 2 / 3, 2 / 3, 1.0, 0.5, 0.5])
    assert not found.abstained.any()


def test_to_the_guesser_pictures_of_one_pair_and_method_are_alike() -> None:
    found = guess([*CELL, item("car-wheels", "nag", 0, True)])
    assert found.alike is not None
    assert len(set(found.alike)) == 2
    assert len(set(found.alike[:4])) == 1


def test_settings_give_away_what_words_do_not() -> None:
    rng = np.random.default_rng(1)
    known = [
        item("car-wheels", method, seed, label=bool(scale < 1), scale=scale)
        for method in ("vsf", "nag")
        for seed, scale in enumerate(rng.uniform(0, 2, 60))
    ]
    found = controls(known, "element")
    assert list(found) == [TEXT_ONLY, SETTINGS_ONLY, GUESSER]
    weak, strong = item("bus-lamp", "vsf", 0, True, 0.1), item("bus-lamp", "vsf", 1, False, 1.9)
    by_words = found[TEXT_ONLY]([weak, strong]).probabilities
    by_settings = found[SETTINGS_ONLY]([weak, strong]).probabilities
    assert by_words[0] == by_words[1]
    assert by_settings[0] > 0.7 > 0.3 > by_settings[1]


def test_of_one_answer_alone_nothing_is_learnt() -> None:
    assert list(controls(CELL[:3], "element")) == [GUESSER]
    assert list(controls([], "element")) == [GUESSER]
