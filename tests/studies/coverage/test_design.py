"""The designs and effects draw what they say, and the effects are found again."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import synthetic
from scipy import integrate, stats
from scipy.special import expit

from studies.coverage.design import Design, Effects, Group, constant_for, fit, marginal, outcomes


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.95])
def test_the_true_rate_is_the_marginal_one(design: Design, mixed: Effects, rate: float) -> None:
    constant = constant_for(rate, 3.0)
    exact, _ = integrate.quad(lambda z: expit(constant + 3**0.5 * z) * stats.norm.pdf(z), -9, 9)
    assert marginal(constant, 3.0) == pytest.approx(exact, abs=1e-6) == pytest.approx(rate, abs=1e-6)
    drawn, _ = outcomes(design, mixed, rate, 4000, np.random.default_rng(0))
    assert drawn.shape == (4000, 4 * synthetic.TESTED)
    assert drawn.mean() == pytest.approx(rate, abs=0.006)


def test_effects_are_found_again(mixed: Effects) -> None:
    large = Design.synthetic("large", 400, 6)
    drawn, _ = outcomes(large, mixed, 0.4, 8, np.random.default_rng(1))
    names = [[str(code) for code in codes] for codes in large.codes]
    found, alike = fit("found", [Group(names[0], names[1], values.tolist()) for values in drawn])
    assert found.total == pytest.approx(mixed.total, rel=0.25)
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
