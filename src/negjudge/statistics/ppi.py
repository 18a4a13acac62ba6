"""Rates from few labels: people's labels of some pictures, a judge's predictions of all of them.

The estimate is the mean prediction of all pictures plus what the labels say it is off by (Angelopoulos et al.
2023, "Prediction-Powered Inference"), the predictions counting as much as they are worth (Angelopoulos, Duchi
and Zrnic 2023, "PPI++"). A wrong judge makes it wide, never wrong. ppi-python does this for independent
pictures; ours share objects and elements, so the variance is by cluster.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from negjudge.errors import NegjudgeError
from negjudge.statistics.clusters import (
    CONFIDENCE,
    Clusters,
    Difference,
    Floats,
    Interval,
    Statistic,
    ratio,
    wilson,
)

FOLDS = 5
# Labels of each answer, below which predictions count nothing: a slope fitted to one or two successes is
# noise, and intervals that trusted it covered 91 % of a rate of 6 % with 14 labels (docs/statistics.md).
FEWEST = 3


@dataclass(frozen=True)
class Labelled:
    """Pictures with predictions, some of them with labels drawn at random.

    ``labels`` (pictures,) in [0, 1], nan where there is none; ``predictions`` (pictures,) in [0, 1];
    ``inclusion`` (pictures,): the probability with which each picture was to be labelled. Pictures picked
    for what they show, as an active queue does, have none, and no weight makes up for that.
    """

    labels: Floats
    predictions: Floats
    inclusion: Floats

    @staticmethod
    def of(labels: ArrayLike, predictions: ArrayLike, inclusion: ArrayLike) -> Labelled:
        """Check and return; raises NegjudgeError for inclusion probabilities that are no probabilities."""
        y, f = np.asarray(labels, dtype=np.float64), np.asarray(predictions, dtype=np.float64)
        chance = np.broadcast_to(np.asarray(inclusion, dtype=np.float64), y.shape)
        if y.ndim != 1 or y.shape != f.shape:
            raise NegjudgeError(f"{y.shape} labels and {f.shape} predictions; give one of each a picture")
        wrong = ~((chance > 0) & (chance <= 1))
        if wrong.any():
            raise NegjudgeError(
                f"{int(wrong.sum())} pictures have no probability above 0 of being labelled; only labels "
                "drawn at random, with known probabilities, stand for all pictures: a queue's picks do not"
            )
        if not np.isfinite(f).all():
            raise NegjudgeError("a picture has no prediction; judge all pictures first")
        if np.isfinite(y).sum() < 2:
            raise NegjudgeError(f"{int(np.isfinite(y).sum())} pictures are labelled; label at least 2")
        return Labelled(y, f, chance)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which pictures have a label."""
        return np.isfinite(self.labels)

    @property
    def weights(self) -> Floats:
        """What each picture's label counts: the inverse of its inclusion probability, 0 without a label."""
        return np.where(self.known, 1 / self.inclusion, 0.0)

    @property
    def telling(self) -> bool:
        """Whether there are enough labels of each answer to tell what the predictions are worth."""
        high = self.labels[self.known] >= 0.5
        return min(int(high.sum()), int((~high).sum())) >= FEWEST


@dataclass(frozen=True)
class Rates:
    """One rate by people alone, by the judge alone, and by both.

    ``people``, ``judge`` and ``powered`` are about such pairs: their intervals are by cluster. The judge's
    has no correction, so it is as biased as the judge is. ``of_pictures`` is the prediction-powered rate
    about these very pictures: where the rate would lie if people labelled them all. ``power`` is what a
    prediction counts, from 0 to 1. ``worth`` is how many labels people alone would need for an interval as
    narrow as ``powered``, and ``saved`` the share of those that the judge spares; below 0 it costs some.
    """

    pictures: int
    labels: int
    people: Interval
    judge: Interval
    powered: Interval
    of_pictures: Interval
    power: float
    worth: float
    saved: float


def rates(data: Labelled, clusters: Clusters, judge: ArrayLike | None = None) -> Rates:
    """Return the rates of the pictures in ``clusters``.

    ``judge`` (pictures,) is what the judge said itself, by default the predictions, which may be its readings
    corrected by labels (``cross_fitted``).
    """
    known, size = data.known, data.labels.size
    counted = int(known.sum())
    power, worth, of_pictures = _of_pictures(data)
    people = clusters.counting(known.tolist()).bounded(_people(data))
    both = clusters.counting(known.tolist(), most=size).bounded(powered(data)) if data.telling else people
    return Rates(
        pictures=size,
        labels=counted,
        people=people,
        judge=clusters.rate(data.predictions if judge is None else judge),
        powered=both,
        of_pictures=of_pictures,
        power=power,
        worth=worth,
        saved=1 - counted / worth,
    )


def difference(first: Labelled, second: Labelled, clusters: Clusters) -> tuple[Difference, Difference]:
    """Return first less second by people alone and prediction-powered.

    ``clusters`` holds the first's pictures, then the second's. Pictures need not be labelled in twos: what
    both share (pairs, objects, elements) is drawn together. ``more`` and ``less`` are 0: no two labels are
    compared.
    """
    cut, known = first.labels.size, np.concatenate([first.known, second.known])
    counted = clusters.counting(known.tolist())

    def gap(one: Statistic, other: Statistic) -> Statistic:
        return lambda weights: one(weights[:, :cut]) - other(weights[:, cut:])

    return (
        counted.contrast(gap(_people(first), _people(second)), 0, 0),
        counted.contrast(gap(powered(first), powered(second)), 0, 0),
    )


def powered(data: Labelled) -> Statistic:
    """Return the prediction-powered rate as a statistic of weights, its power chosen anew in each draw.

    The power is the slope of labels on predictions among the labelled pictures, clipped to [0, 1]. When
    labels are drawn at random from the pictures, the variance is that of all labels, which no power changes,
    plus that of the draw, which this slope makes least whatever the clusters: a power from the variance by
    cluster aims at the same and is noisier (docs/statistics.md has both). Chosen anew in each draw, its own
    uncertainty is in the variance. With fewer than three labels of either answer it is 0.
    """
    if not data.telling:
        return _people(data)
    a, f, y = data.weights, data.predictions, np.where(data.known, data.labels, 0.0)
    columns = np.stack([a, a * y, a * f, a * y * f, a * f * f, f, np.ones_like(f)], axis=1)

    def statistic(weights: Floats) -> Floats:
        total, *sums, predicted, size = (weights @ columns).T
        label, prediction, product, square = (ratio(part, total) for part in sums)
        power = _power(product - label * prediction, square - prediction**2)
        return np.asarray(label + power * (ratio(predicted, size) - prediction), dtype=np.float64)

    return statistic


def _people(data: Labelled) -> Statistic:
    columns = np.stack([data.weights, data.weights * np.where(data.known, data.labels, 0.0)], axis=1)

    def statistic(weights: Floats) -> Floats:
        total, label = (weights @ columns).T
        return ratio(label, total)

    return statistic


def _power(covariance: Floats, variance: Floats) -> Floats:
    # Predictions that are all the same differ by rounding alone.
    slope = np.divide(covariance, variance, out=np.zeros(variance.shape), where=variance > 1e-12)
    return np.clip(slope, 0.0, 1.0)


def _of_pictures(data: Labelled) -> tuple[float, float, Interval]:
    """Return the power, what the labels are worth, and the interval of the rate of these very pictures.

    The variance is that of the draw of labels alone (Hájek's estimator), 0 when all are labelled. People
    alone have s²(1/n − 1/N) with n of N labelled, which gives the n that is as good as both.
    """
    known, size = data.known, data.labels.size
    a, y, f = data.weights[known], data.labels[known], data.predictions[known]
    share, n = a / a.sum(), int(known.sum())
    centred = [values - share @ values for values in (y, f)]
    slope = float(_power(share @ (centred[0] * centred[1]), share @ centred[1] ** 2))
    power = slope if data.telling else 0.0
    rest, spread = centred[0] - power * centred[1], float(share @ centred[0] ** 2)
    fitted = (n - 1) / max(n - 2, 1) if power > 0 else 1.0  # a slope was fitted to these labels
    variance = float((share**2 * (1 - data.inclusion[known])) @ rest**2) * fitted
    worth = 1 / (1 / size + variance / spread) if spread > 0 else float(n)
    estimate = min(max(float(powered(data)(np.ones((1, size)))[0]), 0.0), 1.0)
    if n == size:
        return power, worth, Interval(estimate, estimate, estimate)
    left = estimate * (1 - estimate)
    # Without any variation, n labels of which none is out of line, less what they leave open.
    trials = left / variance if left > 0 and variance > 0 else n / (1 - n / size)
    return power, worth, wilson(estimate, trials, float(stats.t.ppf((1 + CONFIDENCE) / 2, max(n - 2, 1))))


def cross_fitted(
    readings: ArrayLike, labels: ArrayLike, groups: Sequence[Hashable], folds: int = FOLDS
) -> Floats:
    """Return predictions (pictures,) of labels from a judge's probabilities (pictures, readings), corrected.

    A logistic regression on the log odds is fitted to the labels (nan where missing) of the other folds, so
    that no label corrects the prediction of its own group, such as its pair. A fold whose others hold fewer
    than two labels of each answer gets their mean, or one half without any.
    """
    from sklearn.linear_model import LogisticRegression

    p = np.clip(np.asarray(readings, dtype=np.float64), 1e-4, 1 - 1e-4)
    odds = np.log(p / (1 - p))
    scaled = (odds - odds.mean(axis=0)) / np.maximum(odds.std(axis=0), 1e-9)
    y = np.asarray(labels, dtype=np.float64)
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    fold = np.array([numbers[group] % folds for group in groups])
    found = np.full(y.size, 0.5)
    for one in range(folds):
        here, others = fold == one, (fold != one) & np.isfinite(y)
        answers = y[others] >= 0.5
        if min(answers.sum(), (~answers).sum()) >= 2:
            model = LogisticRegression().fit(scaled[others], answers)
            found[here] = model.predict_proba(scaled[here])[:, 1] if here.any() else 0.5
        elif others.any():
            found[here] = answers.mean()
    return found
