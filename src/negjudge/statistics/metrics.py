"""How well a judge's answers fit the truth, as statistics of weights."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


@dataclass(frozen=True)
class Comparisons:
    """The pairs of a positive and a negative question of one group, by group, and how many are put right.

    A score that orders pictures of different groups alone, such as a guesser's who knows a picture's group,
    puts half of them right.
    """

    first: NDArray[np.intp]
    """A question of each group."""
    right: Floats
    """How many of a group's comparisons score the positive higher, ties counting half."""
    total: Floats
    """How many comparisons a group has."""

    @property
    def count(self) -> int:
        """How many comparisons there are."""
        return int(self.total.sum())

    def auroc(self, weights: Floats) -> Floats:
        """Return the share that is put right; weights (draws, questions) must be equal within a group.

        A group drawn twice has each of its comparisons twice, not four times: its copies are not compared.
        """
        chosen = weights[:, self.first]
        return ratio(chosen @ self.right, chosen @ self.total)


def comparisons_within(
    scores: ArrayLike,
    labels: ArrayLike,
    groups: Sequence[Hashable],
    alike: Sequence[Hashable] | None = None,
) -> Comparisons:
    """Return the comparisons of scores (n,) within groups (n,); labels (n,) are 0 and 1.

    Questions with equal ``alike`` (n,) tie whatever their scores, for a judge that cannot tell them apart.
    """
    x, y = np.asarray(scores, dtype=np.float64), np.asarray(labels) > 0.5
    members: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    found = []
    for rows in members.values():
        positive, negative = [r for r in rows if y[r]], [r for r in rows if not y[r]]
        gaps = np.sign(x[positive][:, None] - x[negative][None, :])
        if alike is not None:
            gaps[[[alike[p] == alike[n] for n in negative] for p in positive]] = 0
        found.append((rows[0], ((gaps + 1) / 2).sum(), gaps.size))
    first, right, total = zip(*found, strict=True)
    return Comparisons(np.array(first), np.array(right, dtype=np.float64), np.array(total, dtype=np.float64))


def calibration_error(probabilities: ArrayLike, labels: ArrayLike, bins: int = BINS) -> Statistic:
    """Return the expected calibration error of probabilities (n,) in bins of equal width; labels (n,)."""
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    gaps = np.zeros((p.size, bins))
    gaps[np.arange(p.size), np.minimum((p * bins).astype(int), bins - 1)] = y - p
    return lambda weights: ratio(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1))
