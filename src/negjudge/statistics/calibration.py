"""Turning a judge's scores into probabilities that mean what they say, and measuring how far they do."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermeval
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, factorial, logit, ndtri

Floats = NDArray[np.float64]

# Beyond these a probability is 0 or 1 for every purpose here, and its log-odds would be infinite.
SMALLEST = 1e-6
TEMPERATURES = (0.05, 20.0)
BINS = 10
HIGHEST = 0.95  # of a latent correlation: beyond, the series needs many terms


def log_odds(probabilities: ArrayLike) -> Floats:
    """Return log(p / (1 - p)), finite for 0 and 1 too; same shape."""
    clipped = np.clip(np.asarray(probabilities, dtype=np.float64), SMALLEST, 1 - SMALLEST)
    return np.asarray(logit(clipped), dtype=np.float64)


def fit_temperature(scores: ArrayLike, targets: ArrayLike) -> float:
    """Return the temperature T that makes ``sigmoid(scores / T)`` fit the targets best.

    ``scores`` (n,) are log-odds of "yes", ``targets`` (n,) are labels or soft labels in [0, 1]. Minimises the
    cross-entropy (Guo et al. 2017, "On Calibration of Modern Neural Networks"), T between 0.05 and 20.
    Raises ValueError without data.
    """
    x, y = _aligned(scores, targets)

    def loss(log_temperature: float) -> float:
        z = x / np.exp(log_temperature)
        return float(np.mean(np.logaddexp(0.0, z) - y * z))

    found = minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    return float(np.exp(found.x))


def fit_threshold(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Return the threshold with the best balanced accuracy of ``probabilities >= threshold``.

    Both arguments are (n,). Where several do equally well, the middle of the widest stretch of them.
    With labels of one class only there is nothing to balance: 0.5.
    """
    p, y = _aligned(probabilities, labels)
    positive = y > 0.5
    if positive.all() or not positive.any():
        return 0.5
    edges = np.concatenate([[0.0], np.unique(p), [1.0]])
    candidates = (edges[1:] + edges[:-1]) / 2
    called = p[None, :] >= candidates[:, None]
    score = called[:, positive].mean(axis=1) + (~called[:, ~positive]).mean(axis=1)
    best = np.isclose(score, score.max())
    width = np.where(best, edges[1:] - edges[:-1], -1.0)
    return float(candidates[int(width.argmax())])


@dataclass(frozen=True)
class SuccessCalibration:
    """Probability of success, from those of the object and of the element.

    The two answers are not independent (a wrecked picture loses both), so their product is only the
    input: log-odds(success) = ``slope`` × log-odds(object × (1 − element)) + ``intercept``. Slope 1 and
    intercept 0 are the product itself. Both must hold, so success is never likelier than either.
    """

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def fit(cls, objects: ArrayLike, elements: ArrayLike, success: ArrayLike) -> SuccessCalibration:
        """Fit on probabilities (n,) that the object and the element are there, and success (n,) as 0 or 1.

        With one class only there is nothing to fit, and the product is returned. A fit that would turn
        the order round is refused likewise.
        """
        product = np.asarray(objects, dtype=np.float64) * (1 - np.asarray(elements, dtype=np.float64))
        x, y = _aligned(log_odds(product), success)
        if np.unique(y > 0.5).size < 2:
            return cls()
        from sklearn.linear_model import LogisticRegression  # slow to import, and only fitting needs it

        # Nearly unpenalised: enough to stay finite where the classes are separable.
        model = LogisticRegression(C=100.0).fit(x[:, None], y > 0.5)
        slope = float(model.coef_[0, 0])
        return cls(slope, float(model.intercept_[0])) if slope > 0 else cls()

    def apply(self, objects: ArrayLike, elements: ArrayLike) -> Floats:
        """Return the probability of success for probabilities of object and element; same shape."""
        there = np.asarray(objects, dtype=np.float64)
        gone = 1 - np.asarray(elements, dtype=np.float64)
        fitted = expit(self.slope * log_odds(there * gone) + self.intercept)
        return np.asarray(np.minimum(fitted, np.minimum(there, gone)), dtype=np.float64)


@dataclass(frozen=True)
class ReliabilityCurve:
    """For each bin that is not empty: mean probability, share of "yes", and how many."""

    confidence: tuple[float, ...]
    frequency: tuple[float, ...]
    count: tuple[int, ...]


def reliability_curve(probabilities: ArrayLike, labels: ArrayLike, bins: int = BINS) -> ReliabilityCurve:
    """Return the reliability curve of probabilities (n,) against labels (n,), in bins of equal width."""
    p, y = _aligned(probabilities, labels)
    totals, confidence, frequency = _binned(p, y[None, :], bins)
    filled = totals > 0
    return ReliabilityCurve(
        tuple((confidence[filled] / totals[filled]).tolist()),
        tuple((frequency[0, filled] / totals[filled]).tolist()),
        tuple(totals[filled].astype(int).tolist()),
    )


def calibration_floor(
    probabilities: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    correlation: float = 0.0,
    bins: int = BINS,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return mean and 95th percentile of the calibration error that a perfectly calibrated judge would show.

    Labels are drawn from the probabilities (n,) themselves: in a small sample their error is well above 0.
    Those of one cluster (n,) are drawn together, with a latent ``correlation`` (``latent_correlation``), so
    that each still has its probability: related pictures are worth fewer than their number.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    codes = np.zeros(p.size, dtype=np.intp) if clusters is None else _codes(clusters)
    order = np.lexsort((p, codes))  # which draw a question gets follows from what it is
    p, codes, rng = p[order], codes[order], np.random.default_rng(seed)
    if clusters is None or correlation <= 0:
        y = (rng.random((draws, p.size)) < p).astype(np.float64)
    else:
        shared = rng.standard_normal((draws, codes.max() + 1))[:, codes]
        latent = correlation**0.5 * shared + (1 - correlation) ** 0.5 * rng.standard_normal((draws, p.size))
        y = (latent < ndtri(p)).astype(np.float64)
    errors = _errors(p, y, bins)
    return float(errors.mean()), float(np.quantile(errors, 0.95))


def latent_correlation(
    probabilities: ArrayLike, labels: ArrayLike, clusters: Sequence[Hashable], bins: int = BINS
) -> float:
    """Return how far the labels (n,) of a cluster go together beyond their probabilities (n,), from 0 to 1.

    A label is thought of as a normal variable that stays below the quantile of its probability; the answer is
    the correlation of two such of one cluster that gives the products of residuals their mean. Residuals are
    from each bin's own frequency, so that what a judge gets wrong everywhere is no correlation.
    """
    p, y = _aligned(probabilities, labels)
    place = np.minimum((p * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    expected = ((np.bincount(place, weights=y, minlength=bins) + 0.5) / (count + 1))[place]
    spread, codes = np.sqrt(expected * (1 - expected)), _codes(clusters)

    def products(values: Floats) -> float:
        """Return the sum of the products of two values of one cluster."""
        each = np.bincount(codes, weights=values)
        return float((each**2).sum() - (values**2).sum())

    # The covariance of two indicators is a power series in the correlation, with Hermite's polynomials
    # (the tetrachoric series; Kendall 1941).
    quantile = ndtri(expected)
    density = np.exp(-(quantile**2) / 2) / np.sqrt(2 * np.pi) / spread
    series = [
        products(density * hermeval(quantile, [0.0] * (order - 1) + [1.0]) / np.sqrt(factorial(order)))
        for order in range(1, 25)
    ]
    tried = np.linspace(0, HIGHEST, 200)
    reached = sum(term * tried**order for order, term in enumerate(series, start=1))
    return float(tried[np.argmin(np.abs(reached - products((y - expected) / spread)))])


def _codes(labels: Sequence[Hashable]) -> NDArray[np.intp]:
    index = {label: number for number, label in enumerate(sorted(set(labels), key=repr))}
    return np.array([index[label] for label in labels])


def _errors(p: Floats, y: Floats, bins: int) -> Floats:
    _, confidence, frequency = _binned(p, y, bins)
    return np.asarray(np.abs(frequency - confidence).sum(axis=1) / p.size, dtype=np.float64)


def _binned(p: Floats, y: Floats, bins: int) -> tuple[Floats, Floats, Floats]:
    """Return count (bins,), summed probability (bins,), summed labels (draws, bins); p (n,), y (draws, n)."""
    members = np.zeros((p.size, bins))
    members[np.arange(p.size), np.minimum((p * bins).astype(int), bins - 1)] = 1.0
    return members.sum(axis=0), p @ members, y @ members


def _aligned(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(first, dtype=np.float64).ravel(), np.asarray(second, dtype=np.float64).ravel()
    if x.size != y.size or x.size == 0:
        raise ValueError(f"expected as many labels as scores and at least one, got {x.size} and {y.size}")
    return x, y
