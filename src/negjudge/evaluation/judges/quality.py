"""How well the judges answer, by stratum: accuracy, bias, calibration, each with interval and n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from negjudge.data.records import Sample
from negjudge.data.splits import MINIMUM_PAIRS, STRATA, STRICT
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.evidence.scored import clusters_of
from negjudge.evaluation.judges.answers import (
    BASE_JUDGE,
    REFITTED,
    TUNED_JUDGE,
    Answerer,
    Answers,
    answerers,
    blind_answerers,
)
from negjudge.evaluation.judges.questions import TOPICS, Item, Topic, Truth, items, labels_of, truths
from negjudge.statistics.calibration import ReliabilityCurve, calibration_floor, reliability_curve
from negjudge.statistics.clusters import Clusters, Difference, Floats, Interval
from negjudge.statistics.metrics import auroc, balanced_accuracy, brier, calibration_error, rate_of

ALL = "all four"


@dataclass(frozen=True)
class Quality:
    """A judge's figures on some questions. Abstentions and questions without an answer count as wrong.

    ``floor`` and ``floor_high`` are mean and 95th percentile of the calibration error that a perfectly
    calibrated judge would show on as many questions.
    """

    threshold: float
    balanced_accuracy: Interval
    yes_rate: Interval
    auroc: Interval
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
    """How much more balanced accuracy the tuned judge has than another, on the same questions."""

    over: str
    stratum: str
    topic: Topic
    truth: Truth
    difference: Difference


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

    def __add__(self, more: JudgeTables) -> JudgeTables:
        """Return the tables one below the other."""
        return JudgeTables(
            self.rows + more.rows, self.gains + more.gains, self.reliability + more.reliability
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
    gains = tuple(Gain(name, *where, test.gain(said[TUNED_JUDGE], said[name])) for name in others)
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
        told = np.isfinite(said.probabilities)
        p, y = said.probabilities[told], self.labels[told]
        answered = self.clusters
        if not told.all():
            given = [item.sample for item, one in zip(self.items, told, strict=True) if one]
            answered = clusters_of(given, self.draws)
        floor, floor_high = calibration_floor(p)
        yes = (np.nan_to_num(said.probabilities) >= said.threshold) & ~_undecided(said)
        return Quality(
            threshold=said.threshold,
            balanced_accuracy=self.clusters.bounded(balanced_accuracy(self.calls(said), self.labels)),
            yes_rate=self.clusters.bounded(rate_of(yes)),
            auroc=answered.bounded(auroc(p, y)),
            brier=answered.bounded(brier(p, y)),
            calibration_error=answered.bounded(calibration_error(p, y)),
            floor=floor,
            floor_high=floor_high,
        )

    def calls(self, said: Answers) -> Floats:
        """Return the answers as 0 and 1; where there is none, the wrong one."""
        yes = np.nan_to_num(said.probabilities) >= said.threshold
        return np.where(_undecided(said), 1 - self.labels, yes)

    def gain(self, first: Answers, second: Answers) -> Difference:
        """Return the first judge's balanced accuracy less the second's."""
        calls = [self.calls(said) for said in (first, second)]
        scores = [balanced_accuracy(one, self.labels) for one in calls]
        right = [one == self.labels for one in calls]
        more, less = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
        return self.clusters.contrast(lambda weights: scores[0](weights) - scores[1](weights), more, less)

    def reliability(self, name: str, said: Answers, topic: Topic, truth: Truth) -> list[Reliability]:
        """Return a judge's reliability curve; none without answers."""
        told = np.isfinite(said.probabilities)
        if not told.any():
            return []
        curve = reliability_curve(said.probabilities[told], self.labels[told])
        return [Reliability(name, topic, truth, curve)]


def _undecided(said: Answers) -> np.ndarray:
    return said.abstained | ~np.isfinite(said.probabilities)
