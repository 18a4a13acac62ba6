"""How well the judges answer, by stratum: accuracy, order, bias, calibration, each with interval and n."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from negjudge.data.records import Sample
from negjudge.data.splits import MINIMUM_PAIRS, STRATA, STRICT
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.evidence.scored import clusters_of
from negjudge.evaluation.judges.answers import (
    BASE_JUDGE,
    REFITTED,
    TUNED_JUDGE,
    answerers,
    blind_answerers,
)
from negjudge.evaluation.judges.controls import Answerer, Answers
from negjudge.evaluation.judges.polarity import Polarity, polarities
from negjudge.evaluation.judges.questions import TOPICS, Item, Topic, Truth, items, labels_of, truths
from negjudge.statistics.calibration import (
    ReliabilityCurve,
    calibration_floor,
    latent_correlation,
    reliability_curve,
)
from negjudge.statistics.clusters import Clusters, Difference, Floats, Interval
from negjudge.statistics.metrics import (
    Comparisons,
    auroc,
    balanced_accuracy,
    brier,
    calibration_error,
    comparisons_within,
    rate_of,
)

ALL = "all four"


@dataclass(frozen=True)
class Quality:
    """A judge's figures on some questions. Abstentions and questions without an answer count as wrong.

    ``forced`` is the balanced accuracy with abstentions overruled, ``error`` how often what was not abstained
    on is wrong. ``within_pair`` and ``within_method`` are AUROCs among pictures of one pair, and of one pair
    and method: what knowledge of which parts usually go cannot raise; ``compared`` counts the comparisons of
    a picture with and one without behind them. ``floor`` and ``floor_high`` are mean and 95th percentile of
    the calibration error that a perfectly calibrated judge would show on as many questions as related.
    """

    threshold: float
    balanced_accuracy: Interval
    forced: Interval
    error: Interval | None
    yes_rate: Interval
    auroc: Interval
    within_pair: Interval
    within_method: Interval
    compared: tuple[int, int]
    brier: Interval
    calibration_error: Interval
    floor: float
    floor_high: float


@dataclass(frozen=True)
class JudgeRow:
    """A judge on a stratum; ``quality`` is ``None`` where the stratum has too few pairs to print a figure."""

    judge: str
    stratum: str
    topic: Topic
    truth: Truth
    questions: int
    pairs: int
    positives: float
    undecided: float
    quality: Quality | None


@dataclass(frozen=True)
class Gain:
    """How much more the tuned judge has than another, on the same questions; fields as in ``Quality``."""

    over: str
    stratum: str
    topic: Topic
    truth: Truth
    difference: Difference
    forced: Difference
    within_pair: Difference
    within_method: Difference


@dataclass(frozen=True)
class Reliability:
    """The reliability curve of a judge over all four strata."""

    judge: str
    topic: Topic
    truth: Truth
    curve: ReliabilityCurve


@dataclass(frozen=True)
class JudgeTables:
    """All that is said of the judges."""

    rows: tuple[JudgeRow, ...] = ()
    gains: tuple[Gain, ...] = ()
    reliability: tuple[Reliability, ...] = ()
    polarities: tuple[Polarity, ...] = ()

    def __add__(self, more: JudgeTables) -> JudgeTables:
        """Return the tables one below the other."""
        return JudgeTables(
            self.rows + more.rows,
            self.gains + more.gains,
            self.reliability + more.reliability,
            self.polarities + more.polarities,
        )


def judge_tables(evidence: Evidence, draws: int) -> JudgeTables:
    """Return every judge's figures, against everyone who can tell the truth about this run."""
    tables = JudgeTables()
    groups = strata(evidence)
    blinded = [sample for sample in groups[ALL] if (sample.id, "blank") in evidence.asked]
    for truth in truths(evidence):
        for topic in TOPICS:
            judges = answerers(evidence, topic, truth)
            for stratum, samples in groups.items():
                found = items(evidence, samples, topic, truth)
                tables += _measure(judges, found, (stratum, topic, truth), draws)
                tables += JudgeTables(polarities=polarities(evidence, found, stratum, topic, truth, draws))
        found = items(evidence, blinded, "element", truth)
        tables += _measure(blind_answerers(evidence, "element"), found, (ALL, "element", truth), draws)
    return tables


def strata(evidence: Evidence) -> dict[str, list[Sample]]:
    """Return the test samples by stratum, then all four together, then those of strict words."""
    each = {name: evidence.group(name) for name in STRATA}
    together = [sample for samples in each.values() for sample in samples]
    return {**each, ALL: together, STRICT: evidence.group(STRICT)}


def _measure(
    judges: Mapping[str, Answerer], found: Sequence[Item], where: tuple[str, Topic, Truth], draws: int
) -> JudgeTables:
    if not found:
        return JudgeTables()
    stratum, topic, truth = where
    test = _Test(found, labels_of(found), draws)
    said = {name: answer(found) for name, answer in judges.items()}
    rows = tuple(test.row(name, answers, where) for name, answers in said.items())
    if not test.enough:
        return JudgeTables(rows)
    others = [name for name in said if name != TUNED_JUDGE and TUNED_JUDGE in said]
    gains = tuple(test.gain(name, where, said[TUNED_JUDGE], said[name]) for name in others)
    curves = [name for name in (BASE_JUDGE, REFITTED, TUNED_JUDGE) if name in said and stratum == ALL]
    return JudgeTables(
        rows, gains, tuple(r for name in curves for r in test.reliability(name, said[name], topic, truth))
    )


@dataclass(frozen=True)
class _Test:
    """Questions with their true answers (questions,), on which judges are measured."""

    items: Sequence[Item]
    labels: Floats
    draws: int

    @cached_property
    def pairs(self) -> int:
        return len({item.sample.pair for item in self.items})

    @property
    def enough(self) -> bool:
        return self.pairs >= MINIMUM_PAIRS

    @cached_property
    def clusters(self) -> Clusters:
        return clusters_of([item.sample for item in self.items], self.draws)

    def row(self, name: str, said: Answers, where: tuple[str, Topic, Truth]) -> JudgeRow:
        """Return a judge's row; without figures where there are too few pairs or no answers."""
        undecided, positives = float(_undecided(said).mean()), float(self.labels.mean())
        quality = self._quality(said) if self.enough and np.isfinite(said.probabilities).any() else None
        return JudgeRow(name, *where, len(self.items), self.pairs, positives, undecided, quality)

    def _quality(self, said: Answers) -> Quality:
        told = _told(said)
        p, y, items = said.probabilities[told], self.labels[told], self._of(told)
        answered = self._clusters_of(told)
        pairs = [item.sample.pair for item in items]
        floor, floor_high = calibration_floor(p, pairs, latent_correlation(p, y, pairs))
        orders = [self._order(said, told, by) for by in (_pair, _pair_and_method)]
        return Quality(
            threshold=said.threshold,
            balanced_accuracy=self.clusters.bounded(balanced_accuracy(self.calls(said), self.labels)),
            forced=self.clusters.bounded(balanced_accuracy(self.calls(said, forced=True), self.labels)),
            error=self._error(said),
            yes_rate=self.clusters.bounded(rate_of(_yes(said) & ~_undecided(said))),
            auroc=answered.bounded(auroc(p, y)),
            within_pair=answered.bounded(orders[0].auroc),
            within_method=answered.bounded(orders[1].auroc),
            compared=(orders[0].count, orders[1].count),
            brier=answered.bounded(brier(p, y)),
            calibration_error=answered.bounded(calibration_error(p, y)),
            floor=floor,
            floor_high=floor_high,
        )

    def _error(self, said: Answers) -> Interval | None:
        """Return how often an answer that was not abstained on is wrong."""
        decided = ~_undecided(said)
        if not decided.any():
            return None
        wrong = self.calls(said)[decided] != self.labels[decided]
        return self._clusters_of(decided).rate(wrong)

    def calls(self, said: Answers, forced: bool = False) -> Floats:
        """Return the answers as 0 and 1; where there is none, the wrong one."""
        without = ~_told(said) if forced else _undecided(said)
        return np.where(without, 1 - self.labels, _yes(said))

    def gain(self, name: str, where: tuple[str, Topic, Truth], first: Answers, second: Answers) -> Gain:
        """Return the first judge's figures less the second's, who is called ``name``."""
        both = _told(first) & _told(second)
        return Gain(
            name,
            *where,
            difference=self._more_right(*(self.calls(said) for said in (first, second))),
            forced=self._more_right(*(self.calls(said, forced=True) for said in (first, second))),
            within_pair=self._better_ordered(first, second, both, _pair),
            within_method=self._better_ordered(first, second, both, _pair_and_method),
        )

    def _more_right(self, first: Floats, second: Floats) -> Difference:
        scores = [balanced_accuracy(calls, self.labels) for calls in (first, second)]
        right = [calls == self.labels for calls in (first, second)]
        more, less = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
        return self.clusters.contrast(lambda weights: scores[0](weights) - scores[1](weights), more, less)

    def _better_ordered(
        self, first: Answers, second: Answers, both: NDArray[np.bool_], by: Callable[[Item], Hashable]
    ) -> Difference:
        """Return the difference of two AUROCs; ``more`` and ``less`` count the groups in which it is so."""
        if not both.any():
            return Difference(math.nan, None, None, None, 0, 0)
        one, other = (self._order(said, both, by) for said in (first, second))
        more, less = int((one.right > other.right).sum()), int((one.right < other.right).sum())
        clusters = self._clusters_of(both)
        return clusters.contrast(lambda weights: one.auroc(weights) - other.auroc(weights), more, less)

    def _order(self, said: Answers, which: NDArray[np.bool_], by: Callable[[Item], Hashable]) -> Comparisons:
        alike = None if said.alike is None else [said.alike[row] for row in np.flatnonzero(which)]
        groups = [by(item) for item in self._of(which)]
        return comparisons_within(said.probabilities[which], self.labels[which], groups, alike)

    def _of(self, which: NDArray[np.bool_]) -> list[Item]:
        return [self.items[row] for row in np.flatnonzero(which)]

    def _clusters_of(self, which: NDArray[np.bool_]) -> Clusters:
        """Return the clusters of some questions."""
        if which.all():
            return self.clusters
        return clusters_of([item.sample for item in self._of(which)], self.draws)

    def reliability(self, name: str, said: Answers, topic: Topic, truth: Truth) -> list[Reliability]:
        """Return a judge's reliability curve; none without answers."""
        told = _told(said)
        if not told.any():
            return []
        curve = reliability_curve(said.probabilities[told], self.labels[told])
        return [Reliability(name, topic, truth, curve)]


def _pair(item: Item) -> Hashable:
    return item.sample.pair, item.object


def _pair_and_method(item: Item) -> Hashable:
    return item.sample.pair, item.object, item.sample.method


def _yes(said: Answers) -> NDArray[np.bool_]:
    return np.asarray(np.nan_to_num(said.probabilities) >= said.threshold)


def _told(said: Answers) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(said.probabilities))


def _undecided(said: Answers) -> NDArray[np.bool_]:
    return said.abstained | ~_told(said)
