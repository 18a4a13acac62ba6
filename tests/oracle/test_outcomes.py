"""What counts as kept, removed, success and collateral, by their definition."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from negjudge.data.records import Sample
from negjudge.oracle.outcomes import Outcome, outcome


@dataclass(frozen=True)
class Seen:
    object: str | None
    parts: tuple[str, ...] = ()


SAMPLE = Sample(
    id="0" * 16, pair="car-wheels", object="car", element="wheels", prompt="a car", negative="wheels",
    method="vsf", params={}, seed=0, image="images/0.png", sha256="", model="", revision="", steps=8,
    width=64, height=64, device="cpu", dtype="float32",
)  # fmt: skip
WHOLE = Seen("car", ("wheels", "windows", "lights"))


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Seen("car", ("windows", "lights")), Outcome(True, True, True, 0.0)),
        (Seen("car", ("wheels", "lights")), Outcome(True, False, False, 0.5)),
        (Seen("bus", ("windows",)), Outcome(False, True, False, 0.5)),
        (Seen("bus", ("wheels",)), Outcome(False, False, False, 1.0)),
        (Seen(None), Outcome(False, False, False, 1.0)),  # to destroy the picture removes nothing
    ],
)
def test_outcome(seen: Seen, expected: Outcome) -> None:
    assert outcome(SAMPLE, seen, WHOLE) == expected


@pytest.mark.parametrize("unguided", [None, Seen(None), Seen("car", ("wheels",))])
def test_no_collateral_where_nothing_else_was_there(unguided: Seen | None) -> None:
    assert outcome(SAMPLE, Seen("car"), unguided).collateral is None


def test_only_the_parts_that_should_stay_count_as_collateral() -> None:
    assert outcome(SAMPLE, Seen("car", ("windows",)), WHOLE, others=("windows",)).collateral == 0.0
