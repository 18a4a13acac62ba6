"""How well a judge's answers fit the truth, as statistics of weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from negjudge.statistics.calibration import BINS
from negjudge.statistics.clusters import Floats, Statistic, ratio


def rate_of(calls: ArrayLike) -> Statistic:
    """Return the share of true calls (n,): the yes-rate when the calls are a judge's answers."""
    x = np.asarray(calls, dtype=np.float64)
    return lambda weights: ratio(weights @ x, weights.sum(axis=1))


def balanced_accuracy(calls: ArrayLike, labels: ArrayLike) -> Statistic:
    """Return the mean of the two classes' accuracies, of calls and labels (n,); nan without both classes."""
    y = np.asarray(labels, dtype=np.float64)
    right = (np.asarray(calls, dtype=np.float64) == y).astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        positive = ratio(weights @ (right * y), weights @ y)
        return (positive + ratio(weights @ (right * (1 - y)), weights @ (1 - y))) / 2

    return statistic


def cohen_kappa(first: ArrayLike, second: ArrayLike) -> Statistic:
    """Return the agreement of two sources' calls (n,) beyond chance (Cohen 1960); nan where chance is all."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    equal = (a == b).astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        total = weights.sum(axis=1)
        yes = ratio(weights @ a, total), ratio(weights @ b, total)
        chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
        return ratio(ratio(weights @ equal, total) - chance, 1 - chance)

    return statistic


def brier(probabilities: ArrayLike, labels: ArrayLike) -> Statistic:
    """Return the mean squared error of probabilities against labels, both (n,)."""
    return rate_of((np.asarray(probabilities, dtype=np.float64) - np.asarray(labels, dtype=np.float64)) ** 2)


def auroc(scores: ArrayLike, labels: ArrayLike) -> Statistic:
    """Return the chance that a positive scores above a negative, ties counting half; scores, labels (n,)."""
    x = np.asarray(scores, dtype=np.float64)
    order = np.argsort(x, kind="stable")
    starts = np.unique(x[order], return_index=True)[1]
    y = np.asarray(labels, dtype=np.float64)[order]

    def statistic(weights: Floats) -> Floats:
        ordered = weights[:, order]
        positive = np.add.reduceat(ordered * y, starts, axis=1)
        negative = np.add.reduceat(ordered * (1 - y), starts, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        return ratio((positive * below).sum(axis=1), positive.sum(axis=1) * negative.sum(axis=1))

    return statistic


def calibration_error(probabilities: ArrayLike, labels: ArrayLike, bins: int = BINS) -> Statistic:
    """Return the expected calibration error of probabilities (n,) in bins of equal width; labels (n,)."""
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    gaps = np.zeros((p.size, bins))
    gaps[np.arange(p.size), np.minimum((p * bins).astype(int), bins - 1)] = y - p
    return lambda weights: ratio(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1))
