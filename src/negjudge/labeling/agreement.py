"""How far annotators agree, question by question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import krippendorff
import numpy as np
from numpy.typing import NDArray

from negjudge.data.questions import NO, RATINGS, YES
from negjudge.data.records import Question, Source, Vote
from negjudge.statistics.clusters import CONFIDENCE, Interval

# "unsure" is an answer of its own: two who are unsure agree, one who is does not agree with a "yes".
_DOMAINS: dict[Question, tuple[str, ...]] = {
    "object": (YES, NO, "unsure"),
    "element": (YES, NO, "unsure"),
    "quality": RATINGS,
}


@dataclass(frozen=True)
class Agreement:
    """Agreement on one question, over the pictures with at least two votes on it.

    ``raw`` is the share of pairs of votes that are equal. ``alpha`` is Krippendorff's, ordinal for ratings
    and nominal otherwise, with its 95 % interval over pictures; ``fleiss`` is Fleiss' kappa, ``None`` where
    pictures differ in their number of votes. Each is ``None`` where everybody always gave one answer.
    """

    question: Question
    source: Source
    annotators: int
    pictures: int
    votes: int
    unsure: float
    raw: float
    alpha: float | None
    low: float | None
    high: float | None
    fleiss: float | None

    @property
    def alpha_interval(self) -> Interval | None:
        """Alpha with its interval; ``None`` where there is no alpha."""
        return None if self.alpha is None else Interval(self.alpha, self.low, self.high)


def agreement(votes: Iterable[Vote], draws: int = 300, seed: int = 0) -> list[Agreement]:
    """Return the agreement on each question that has pictures with two votes, by source.

    An annotator's later vote on a picture replaces the earlier one.
    """
    latest = {(v.source, v.question, v.sample, v.annotator): v for v in votes}
    groups: dict[tuple[Source, Question], list[Vote]] = defaultdict(list)
    for vote in latest.values():
        groups[vote.source, vote.question].append(vote)
    order = {question: number for number, question in enumerate(_DOMAINS)}
    found = [
        _measure(source, question, group, draws, seed)
        for (source, question), group in sorted(groups.items(), key=lambda g: (g[0][0], order[g[0][1]]))
    ]
    return [one for one in found if one is not None]


def _measure(
    source: Source, question: Question, votes: Sequence[Vote], draws: int, seed: int
) -> Agreement | None:
    counts = _counts(votes, _DOMAINS[question])
    counts = counts[counts.sum(axis=1) >= 2]
    if not len(counts):
        return None
    level = "ordinal" if question == "quality" else "nominal"
    low, high = _alpha_interval(counts, level, draws, seed)
    return Agreement(
        question=question,
        source=source,
        annotators=len({vote.annotator for vote in votes}),
        pictures=len(counts),
        votes=int(counts.sum()),
        unsure=sum(vote.answer == "unsure" for vote in votes) / len(votes),
        raw=_raw(counts),
        alpha=_alpha(counts, level),
        low=low,
        high=high,
        fleiss=_fleiss(counts),
    )


def _counts(votes: Sequence[Vote], domain: Sequence[str]) -> NDArray[np.int64]:
    """Return how often each answer was given (pictures, answers)."""
    rows = {sample: number for number, sample in enumerate(dict.fromkeys(vote.sample for vote in votes))}
    counts = np.zeros((len(rows), len(domain)), dtype=np.int64)
    for vote in votes:
        if vote.answer in domain:
            counts[rows[vote.sample], domain.index(vote.answer)] += 1
    return counts


def _raw(counts: NDArray[np.int64]) -> float:
    totals = counts.sum(axis=1)
    return float((counts * (counts - 1)).sum() / (totals * (totals - 1)).sum())


def _alpha(counts: NDArray[np.int64], level: str) -> float | None:
    if (counts.sum(axis=0) > 0).sum() < 2:
        return None
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement=level))


def _alpha_interval(
    counts: NDArray[np.int64], level: str, draws: int, seed: int
) -> tuple[float | None, float | None]:
    rng = np.random.default_rng(seed)
    drawn = (counts[rng.integers(len(counts), size=len(counts))] for _ in range(draws))
    alphas = [alpha for alpha in (_alpha(one, level) for one in drawn) if alpha is not None]
    if 2 * len(alphas) <= draws:
        return None, None
    low, high = np.quantile(alphas, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _fleiss(counts: NDArray[np.int64]) -> float | None:
    if np.unique(counts.sum(axis=1)).size > 1 or (counts.sum(axis=0) > 0).sum() < 2:
        return None
    from statsmodels.stats.inter_rater import fleiss_kappa  # takes a second to import

    return float(fleiss_kappa(counts, method="fleiss"))
