"""How numbers are written for a person."""

from __future__ import annotations

import math

import pytest

from negjudge.evaluation.wording import interval, points
from negjudge.statistics.clusters import Interval


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.125, "0.12"),
        (-0.004, "0.00"),
        (-0.25, "−0.25"),
        (math.nan, "–"),
        (Interval(0.13, -0.001, 0.26), "0.13 (0.00–0.26)"),
        (Interval(0.13, None, None), "0.13"),
    ],
)
def test_a_number_has_a_true_minus_and_no_negative_zero(value: object, shown: str) -> None:
    assert interval(value) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "shown"), [(0.427, "+43"), (-0.096, "−10"), (-0.004, "0")])
def test_a_difference_is_in_points_with_its_sign(value: float, shown: str) -> None:
    assert points(value) == shown
