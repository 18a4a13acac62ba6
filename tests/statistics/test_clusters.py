"""Intervals cover what they say on the real design, and the tests agree with other implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit
from statsmodels.stats.multitest import multipletests

from negjudge.data.records import Pair, read_records
from negjudge.data.splits import read_splits
from negjudge.statistics.clusters import Clusters, Difference, holm, proportion

SEEDS = 4


def design() -> tuple[list[str], list[str]]:
    """Return object and element of each picture of the committed test pairs, four seeds each."""
    pairs = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
    tested = [pairs[i] for i in read_splits("data/mini/splits.json").methods["test"] for _ in range(SEEDS)]
    return [pair.object for pair in tested], [pair.element for pair in tested]


def simulate(rate: float, effects: tuple[float, float], count: int) -> np.ndarray:
    """Draw (count, pictures) outcomes of this rate, with normal effects of object and element."""
    rng = np.random.default_rng(11)
    codes = [np.unique(labels, return_inverse=True)[1] for labels in design()]
    scale = float(np.hypot(*effects))
    population = rng.normal(0, scale, 100_000)
    grid = np.linspace(-12, 12, 2401)
    intercept = grid[np.argmin([abs(expit(g + population).mean() - rate) for g in grid])]
    shifts = [s * rng.normal(size=(count, c.max() + 1))[:, c] for s, c in zip(effects, codes, strict=True)]
    return (rng.random((count, codes[0].size)) < expit(intercept + shifts[0] + shifts[1])).astype(float)


@pytest.mark.parametrize("effects", [(0.0, 0.0), (1.5, 0.0), (0.0, 1.5), (1.0, 1.0)])
@pytest.mark.parametrize("rate", [0.05, 0.5, 0.95])
def test_intervals_of_rates_cover(rate: float, effects: tuple[float, float]) -> None:
    clusters = Clusters(*design(), draws=200)
    outcomes = simulate(rate, effects, 250)
    found = [
        (i.low, i.high) for i in map(clusters.rate, outcomes) if i.low is not None and i.high is not None
    ]
    low, high = np.array(found).T
    # Aimed at: 0.92 to 0.98. Of 250 simulations the standard error is 0.015 there.
    assert np.mean((low <= rate) & (rate <= high)) >= 0.90
    # No wider than they need be: 2 × 1.96 standard deviations is what a normal estimate would need.
    assert (high - low).mean() <= 1.5 * 3.92 * outcomes.mean(axis=1).std()


def test_differences_cover_and_keep_their_level() -> None:
    clusters = Clusters(*design(), draws=200)
    first, second = np.split(simulate(0.5, (1.0, 1.0), 400), 2)
    found = [clusters.difference(a, b) for a, b in zip(first, second, strict=True)]
    assert np.mean([d.low <= 0 <= d.high for d in found if d.low is not None and d.high is not None]) >= 0.90
    assert np.mean([d.p is not None and d.p < 0.05 for d in found]) <= 0.10


def test_one_picture_a_cluster_is_the_textbook_case() -> None:
    values = np.array([1.0] * 30 + [0.0] * 70)
    names = [str(i) for i in range(100)]
    interval = Clusters(names, names, draws=4000).rate(values)
    t = stats.t.ppf(0.975, 99)
    centre = (0.3 + t**2 / 200) / (1 + t**2 / 100)
    half = t / (1 + t**2 / 100) * np.sqrt(0.21 / 100 + t**2 / 40_000)
    assert interval.low == pytest.approx(centre - half, abs=0.006)
    assert interval.high == pytest.approx(centre + half, abs=0.006)


def test_repeating_pictures_of_a_pair_adds_no_certainty() -> None:
    values = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    objects, elements = list("aabbcc"), list("xyzxyz")
    once = Clusters(objects, elements).rate(values)
    often = Clusters(objects * 20, elements * 20).rate(values * 20)
    assert once.low is not None
    assert often.low == pytest.approx(once.low, abs=0.02)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_rate_at_the_end_still_has_an_interval_with_width(value: float) -> None:
    interval = Clusters(*design()).rate([value] * len(design()[0]))
    assert interval.estimate == value
    assert interval.low is not None
    assert interval.high is not None
    assert 0.05 < interval.high - interval.low < 0.2


def test_a_statistic_that_most_draws_leave_undefined_has_no_interval() -> None:
    interval = Clusters(["a", "b"], ["x", "y"]).bounded(lambda weights: np.full(len(weights), np.nan))
    assert interval.low is interval.high is None


def test_mean_and_difference_agree() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(1, 1, (2, len(design()[0])))
    clusters = Clusters(*design())
    difference, mean = clusters.difference(first, second), clusters.mean(first - second)
    assert (difference.estimate, difference.low, difference.high) == (mean.estimate, mean.low, mean.high)
    assert difference.more == (first > second).sum()


def test_no_difference_anywhere_is_no_evidence() -> None:
    found = Clusters(["a", "b"], ["x", "y"]).difference([1, 0], [1, 0])
    assert (found.estimate, found.p, found.more, found.less) == (0.0, 1.0, 0, 0)


def test_two_rates_of_nothing_are_not_known_to_be_equal() -> None:
    nothing = [0.0] * len(design()[0])
    found = Clusters(*design()).difference(nothing, nothing)
    assert found.low is not None
    assert found.high is not None
    assert found.low == -found.high
    assert 0.05 < found.high < 0.15


def test_holm_by_hand() -> None:
    raw = {name: Difference(0.1, 0, 0.2, p, 1, 0) for name, p in {"a": 0.01, "b": 0.04, "c": 0.03}.items()}
    raw["untested"] = Difference(0.1, None, None, None, 1, 0)
    adjusted = {name: difference.adjusted for name, difference in holm(raw).items()}
    assert adjusted == {
        "a": pytest.approx(0.03),
        "b": pytest.approx(0.06),
        "c": pytest.approx(0.06),
        "untested": None,
    }


def test_holm_agrees_with_statsmodels() -> None:
    p = np.random.default_rng(1).random(12) ** 3
    found = holm({str(i): Difference(0.1, 0, 0.2, float(v), 1, 0) for i, v in enumerate(p)})
    expected = multipletests(p, method="holm")[1]
    assert [found[str(i)].adjusted for i in range(12)] == pytest.approx(list(expected))


def test_proportion_is_wilson() -> None:
    exact = stats.binomtest(3, 60).proportion_ci(method="wilson")
    assert proportion(3, 60).high == pytest.approx(exact.high, abs=1e-6)


def test_empty_or_ragged_factors_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Clusters([], [])
    with pytest.raises(ValueError, match="equally many"):
        Clusters(["a"], ["x", "y"])


def test_a_difference_that_never_varies_is_tested_by_signs() -> None:
    clusters = Clusters(range(6), range(6), draws=50)
    found = clusters.difference(np.ones(6), np.zeros(6))
    assert found.p == pytest.approx(2 / 2**6)
    assert clusters.difference(np.ones(6), np.ones(6)).p == 1.0
    assert holm({"a": found})["a"].adjusted == found.p


def test_the_order_of_pictures_says_nothing() -> None:
    rng = np.random.default_rng(3)
    objects = [f"object {n}" for n in rng.integers(0, 9, 200)]
    elements = [f"element {n}" for n in rng.integers(0, 7, 200)]
    first, second = rng.random(200), rng.random(200)
    order = rng.permutation(200)
    clusters = Clusters(objects, elements)
    shuffled = Clusters([objects[i] for i in order], [elements[i] for i in order])
    found, again = clusters.difference(first, second), shuffled.difference(first[order], second[order])
    assert (again.low, again.high, again.p) == pytest.approx((found.low, found.high, found.p), abs=1e-12)
    rate, twice = clusters.rate(first > 0.5), shuffled.rate((first > 0.5)[order])
    assert (twice.low, twice.high) == pytest.approx((rate.low, rate.high), abs=1e-12)


def test_a_difference_stays_within_what_is_possible() -> None:
    found = Clusters(["a", "b"] * 2, ["x", "x", "y", "y"]).difference([1, 1, 0, 1], [0, 1, 0, 1])
    assert found.low is not None
    assert found.high is not None
    assert -1 <= found.low < found.estimate < found.high <= 1
