"""The simulation tells a broken interval from a sound one, and finds ours sound."""

from __future__ import annotations

import pytest

from negjudge.statistics.clusters import Interval
from studies.coverage.design import Design, Effects
from studies.coverage.simulation import Setting, all_labelled, biased_judge, few_labelled


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.95])
def test_our_intervals_cover(design: Design, mixed: Effects, rate: float) -> None:
    setting = Setting(design, mixed, rate, 300, 200)
    cells = [*all_labelled(setting, 0.3), *few_labelled(setting, 0.8, 0.25)]
    found = {(c.interval, c.other): c.coverage for c in cells if c.interval != "judge"}
    assert len(found) == 6
    # Aimed at: 0.92 to 0.98. The standard error of 300 simulations is 0.013.
    assert all(0.90 <= coverage <= 0.995 for coverage in found.values()), found


def test_a_biased_judge_misleads_alone_and_not_with_labels(design: Design, mixed: Effects) -> None:
    found = {c.interval: c for c in biased_judge(Setting(design, mixed, 0.5, 200, 200), 0.8, 0.25, 0.4)}
    assert found["judge, difference, biased"].coverage < 0.7
    assert found["powered, difference, biased"].coverage > 0.90
    assert found["powered, difference, biased"].width < found["people, difference, biased"].width


def test_intervals_that_are_too_narrow_or_too_wide_are_not_accepted(design: Design, mixed: Effects) -> None:
    setting = Setting(design, mixed, 0.5, 100, 200)
    narrow = setting.cell("narrow", [Interval(0.4, 0.38, 0.42)] * 20 + [Interval(0.5, 0.4, 0.6)] * 80, 0.5)
    assert (narrow.coverage, narrow.below, narrow.above) == (0.8, 0.2, 0.0)
    wide = setting.cell("wide", [Interval(0.5, None, None)] * 100, 0.5)
    assert not narrow.accepted
    assert (wide.coverage, wide.accepted) == (1.0, False)
