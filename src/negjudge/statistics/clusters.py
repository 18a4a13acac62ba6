"""Intervals and tests for pictures that share objects and elements: the pictures are not independent."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
# From weights (draws, pictures) to the weighted statistic of each draw (draws,); nan where undefined.
Statistic = Callable[[Floats], Floats]

CONFIDENCE = 0.95
DRAWS = 1000


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval; the ends are ``None`` where there is too little to tell."""

    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Difference:
    """A paired difference, first less second; ``p`` is two-sided, ``adjusted`` corrected by Holm's method.

    ``more`` and ``less`` count the pictures where the first is above and below the second, which are what
    McNemar's test looks at.
    """

    estimate: float
    low: float | None
    high: float | None
    p: float | None
    more: int
    less: int
    adjusted: float | None = None

    def turned(self) -> Difference:
        """Return second less first."""
        low, high = (None if end is None else -end for end in (self.high, self.low))
        return Difference(-self.estimate, low, high, self.p, self.less, self.more, self.adjusted)


class Clusters:
    """Pictures grouped in several ways at once, such as by object and by element.

    The variance of a statistic is that of bootstraps over each factor added up, less that of the bootstrap
    over their combination (Cameron, Gelbach and Miller 2011, "Robust Inference With Multiway Clustering"),
    and Student's t has the degrees of freedom of the factor with fewest levels. Pictures of one object with
    different elements, or of one element on different objects, then count as the related pictures that they
    are. Resampling one factor alone is too narrow, resampling both and multiplying too wide; the tests
    simulate what this covers.
    """

    def __init__(self, *factors: Sequence[Hashable], draws: int = DRAWS, seed: int = 0) -> None:
        """Take one label a picture for each factor; all of one length, at least one picture."""
        self.size = len(factors[0])
        if self.size == 0 or any(len(factor) != self.size for factor in factors):
            raise ValueError(
                f"factors need equally many labels and at least one, got {list(map(len, factors))}"
            )
        rng = np.random.default_rng(seed)
        self._draws: list[tuple[int, Floats]] = []
        for count in range(1, len(factors) + 1):
            for chosen in itertools.combinations(factors, count):
                weights = _weights(list(zip(*chosen, strict=True)), draws, rng)
                self._draws.append(((-1) ** (count + 1), weights))
        self._labels = list(zip(*factors, strict=True))
        self.levels, self.finest, self.most = _counts(self._labels)

    def counting(self, which: Sequence[bool], most: int | None = None) -> Clusters:
        """Return the same draws with clusters counted over some pictures alone, which carry what is known.

        A statistic of a labelled subset has the degrees of freedom of the clusters that hold a label.
        ``most`` is what the effective number of pictures may reach, by default the number of those.
        """
        chosen = [labels for labels, wanted in zip(self._labels, which, strict=True) if wanted]
        if not chosen:
            raise ValueError("no picture is counted, expected at least one")
        found = copy.copy(self)
        found.levels, found.finest, found.most = _counts(chosen)
        found.most = found.most if most is None else most
        return found

    def variance(self, statistic: Statistic) -> float | None:
        """Return the variance of a statistic, or ``None`` where most draws leave it undefined."""
        parts = [(sign, _variance(statistic(weights))) for sign, weights in self._draws]
        if any(part is None for _, part in parts):
            return None
        found = [(sign, part) for sign, part in parts if part is not None]
        # The sum may come out below its parts, even below 0, in small samples.
        return max(sum(sign * part for sign, part in found), *(part for _, part in found))

    def rate(self, values: ArrayLike) -> Interval:
        """Return the mean of values (pictures,) in [0, 1] with its interval, which stays in [0, 1]."""
        return self.bounded(_mean_of(values))

    def bounded(self, statistic: Statistic) -> Interval:
        """Return a statistic in [0, 1] with Wilson's interval at the effective number of pictures.

        That number is the one whose binomial variance is the statistic's; with no variance at all it is the
        number of different pairs.
        """
        estimate = self._estimate(statistic)
        variance = self.variance(statistic)
        if variance is None or not np.isfinite(estimate):
            return Interval(estimate, None, None)
        estimate = min(max(estimate, 0.0), 1.0)  # a corrected rate may come out a little beyond
        spread = estimate * (1 - estimate)
        n = min(spread / variance, self.most) if variance > 0 and spread > 0 else self.finest
        return wilson(estimate, n, self._quantile())

    def mean(self, values: ArrayLike) -> Interval:
        """Return the mean of values (pictures,) of any range with its interval."""
        statistic = _mean_of(values)
        estimate, variance = self._estimate(statistic), self.variance(statistic)
        if variance is None:
            return Interval(estimate, None, None)
        half = self._quantile() * variance**0.5
        return Interval(estimate, estimate - half, estimate + half)

    def difference(self, first: ArrayLike, second: ArrayLike) -> Difference:
        """Return the mean of first less second, paired picture by picture; both (pictures,)."""
        gaps = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
        return self.contrast(_mean_of(gaps), int((gaps > 0).sum()), int((gaps < 0).sum()))

    def contrast(self, statistic: Statistic, more: int, less: int) -> Difference:
        """Return a statistic in [-1, 1], 0 when there is no difference, with interval and p-value."""
        estimate, variance = self._estimate(statistic), self.variance(statistic)
        if variance is None or not np.isfinite(estimate):
            return Difference(estimate, None, None, None, more, less)
        half = self._half(variance)
        low, high = max(-1.0, estimate - half), min(1.0, estimate + half)
        if variance > 0:
            p = float(2 * stats.t.sf(abs(estimate) / variance**0.5, self._freedom()))
        else:  # every pair says the same: a sign test over the different ones
            p = 1.0 if estimate == 0 else 2.0 ** (1 - self.finest)
        return Difference(estimate, low, high, p, more, less)

    def _half(self, variance: float) -> float:
        """Return half the width of a difference's interval.

        Where nothing varies, as with two rates of 0, no pair tells the two apart: then the share of such
        pairs may still be up to Wilson's upper end for none among all.
        """
        return self._quantile() * variance**0.5 or self._quantile() ** 2 / (
            self.finest + self._quantile() ** 2
        )

    def _estimate(self, statistic: Statistic) -> float:
        return float(statistic(np.ones((1, self.size)))[0])

    def _freedom(self) -> int:
        return max(1, min(self.levels) - 1)

    def _quantile(self) -> float:
        return float(stats.t.ppf((1 + CONFIDENCE) / 2, self._freedom()))


def wilson(estimate: float, n: float, quantile: float) -> Interval:
    """Return Wilson's interval (1927) of a rate in [0, 1] that is worth ``n`` > 0 independent trials."""
    spread = estimate * (1 - estimate)
    centre = (estimate + quantile**2 / (2 * n)) / (1 + quantile**2 / n)
    half = quantile / (1 + quantile**2 / n) * (spread / n + quantile**2 / (4 * n**2)) ** 0.5
    return Interval(estimate, max(0.0, min(centre - half, estimate)), min(1.0, max(centre + half, estimate)))


def _counts(labels: Sequence[tuple[Hashable, ...]]) -> tuple[list[int], int, int]:
    """Return the number of levels of each factor, of combinations, and of pictures."""
    return [len(set(levels)) for levels in zip(*labels, strict=True)], len(set(labels)), len(labels)


def _weights(labels: Sequence[Hashable], draws: int, rng: np.random.Generator) -> Floats:
    """Return how often each picture is drawn (draws, pictures) when clusters are drawn with replacement.

    Which draw a cluster gets follows from its label, so that the order of the pictures says nothing.
    """
    index = {label: number for number, label in enumerate(sorted(set(labels), key=repr))}
    codes = np.array([index[label] for label in labels])
    counts = rng.multinomial(len(index), np.full(len(index), 1 / len(index)), size=draws)
    return np.asarray(counts[:, codes], dtype=np.float64)


def _variance(values: Floats) -> float | None:
    defined = values[np.isfinite(values)]
    return float(defined.var()) if 2 * defined.size > values.size else None


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, both (draws,); nan where the whole is not above 0."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _mean_of(values: ArrayLike) -> Statistic:
    x = np.asarray(values, dtype=np.float64)
    return lambda weights: np.asarray(weights @ x / weights.sum(axis=1), dtype=np.float64)


def holm(differences: Mapping[str, Difference]) -> dict[str, Difference]:
    """Return the differences with p-values adjusted by Holm's method (1979) over all that have one."""
    tested = sorted((d.p, name) for name, d in differences.items() if d.p is not None)
    raised = [p * (len(tested) - rank) for rank, (p, _) in enumerate(tested)]
    adjusted = dict(zip([name for _, name in tested], itertools.accumulate(raised, max), strict=True))
    return {
        name: replace(d, adjusted=min(1.0, adjusted[name])) if name in adjusted else d
        for name, d in differences.items()
    }


def proportion(hits: int, count: int) -> Interval:
    """Return the rate of hits among independent trials with Wilson's interval; at least one trial."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, count, alpha=1 - CONFIDENCE, method="wilson")
    return Interval(hits / count, float(low), float(high))
