"""The simulation draws what it says, finds effects again, and tells a broken interval from a sound one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit

from negjudge.data.records import Pair, read_records
from negjudge.data.splits import read_splits
from negjudge.statistics.clusters import Interval
from negjudge.statistics.coverage.design import Design, Effects, Group, constant_for, fit, marginal, outcomes
from negjudge.statistics.coverage.simulation import Setting, all_labelled, biased_judge, few_labelled

MIXED = Effects("mixed", 0.5, 1.0, 1.5)


@pytest.fixture(scope="module")
def design() -> Design:
    pairs = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
    tested = read_splits("data/mini/splits.json").methods["test"]
    return Design.of("test", [pairs[i] for i in tested], 4)


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.95])
def test_the_true_rate_is_the_marginal_one(design: Design, rate: float) -> None:
    constant = constant_for(rate, 3.0)
    exact, _ = integrate.quad(lambda z: expit(constant + 3**0.5 * z) * stats.norm.pdf(z), -9, 9)
    assert marginal(constant, 3.0) == pytest.approx(exact, abs=1e-6) == pytest.approx(rate, abs=1e-6)
    drawn, _ = outcomes(design, MIXED, rate, 4000, np.random.default_rng(0))
    tested = read_splits("data/mini/splits.json").methods["test"]
    assert drawn.shape == (4000, 4 * len(tested))
    assert drawn.mean() == pytest.approx(rate, abs=0.006)


def test_effects_are_found_again() -> None:
    large = Design.synthetic("large", 400, 6)
    drawn, _ = outcomes(large, MIXED, 0.4, 8, np.random.default_rng(1))
    names = [[str(code) for code in codes] for codes in large.codes]
    found, alike = fit("found", [Group(names[0], names[1], values.tolist()) for values in drawn])
    assert found.total == pytest.approx(MIXED.total, rel=0.25)
    assert (found.object, found.element, found.pair) == pytest.approx((0.5, 1.0, 1.5), abs=0.5)
    assert alike["rate"] == pytest.approx(drawn.mean())
    assert 0 < alike["object"] < alike["element"] < alike["pair"]


def test_a_made_up_benchmark_shares_as_it_says() -> None:
    made = Design.synthetic("made", 200, 4)
    assert made.pictures == 800
    for codes in made.codes[:2, ::4]:
        counts = Counter(codes.tolist())
        assert max(counts.values()) == 3
        assert sum(n > 1 for n in counts.values()) > 50


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.95])
def test_our_intervals_cover(design: Design, rate: float) -> None:
    setting = Setting(design, MIXED, rate, 300, 200)
    cells = [*all_labelled(setting, 0.3), *few_labelled(setting, 0.8, 0.25)]
    found = {(c.interval, c.other): c.coverage for c in cells if c.interval != "judge"}
    assert len(found) == 6
    # Aimed at: 0.92 to 0.98. The standard error of 300 simulations is 0.013.
    assert all(0.90 <= coverage <= 0.995 for coverage in found.values()), found


def test_a_biased_judge_misleads_alone_and_not_with_labels(design: Design) -> None:
    found = {c.interval: c for c in biased_judge(Setting(design, MIXED, 0.5, 200, 200), 0.8, 0.25, 0.4)}
    assert found["judge, difference, biased"].coverage < 0.7
    assert found["powered, difference, biased"].coverage > 0.90
    assert found["powered, difference, biased"].width < found["people, difference, biased"].width


def test_intervals_that_are_too_narrow_or_too_wide_are_not_accepted(design: Design) -> None:
    setting = Setting(design, MIXED, 0.5, 100, 200)
    narrow = setting.cell("narrow", [Interval(0.4, 0.38, 0.42)] * 20 + [Interval(0.5, 0.4, 0.6)] * 80, 0.5)
    assert (narrow.coverage, narrow.below, narrow.above) == (0.8, 0.2, 0.0)
    wide = setting.cell("wide", [Interval(0.5, None, None)] * 100, 0.5)
    assert not narrow.accepted
    assert (wide.coverage, wide.accepted) == (1.0, False)
