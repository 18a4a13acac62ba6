"""What a judge says of one thing asked both ways: whether a picture shows it, and whether it lacks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from negjudge.data.records import Verdict
from negjudge.data.splits import MINIMUM_PAIRS
from negjudge.evaluation.evidence.candidates import Role
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.evidence.scored import clusters_of
from negjudge.evaluation.judges.questions import Item, Topic, Truth
from negjudge.statistics.clusters import Interval
from negjudge.statistics.metrics import balanced_accuracy


@dataclass(frozen=True)
class Polarity:
    """A judge's balanced accuracy by each of the two questions alone, and how often it contradicts itself.

    ``affirmative`` is that of "does it show …?", ``negated`` that of "does it lack …?", each answered by the
    likelier of yes and no. ``contradicts`` is how often those two answers cannot both be true,
    ``agrees_twice`` how often both are yes, and ``flagged`` how often the judge's verdict says so of either
    noun, after calibration.
    """

    judge: Role
    stratum: str
    topic: Topic
    truth: Truth
    questions: int
    pairs: int
    affirmative: Interval
    negated: Interval
    contradicts: Interval
    agrees_twice: Interval
    flagged: Interval


def polarities(
    evidence: Evidence, found: Sequence[Item], stratum: str, topic: Topic, truth: Truth, draws: int
) -> tuple[Polarity, ...]:
    """Return a row for each judge that was asked both ways about these items, where there are enough pairs.

    A judge that gave no answer to some of them is measured on the others.
    """
    if topic == "success":
        return ()
    rows = [_row(evidence, role, found, stratum, topic, truth, draws) for role in evidence.judges]
    return tuple(row for row in rows if row is not None)


def _row(
    evidence: Evidence,
    role: Role,
    found: Sequence[Item],
    stratum: str,
    topic: Topic,
    truth: Truth,
    draws: int,
) -> Polarity | None:
    said = [(item, evidence.verdicts.get((role, item.view), {}).get(item.sample.id)) for item in found]
    told = [(item, v, both) for item, v in said if v is not None and (both := _margins(v, topic)) is not None]
    pairs = len({item.sample.pair for item, *_ in told})
    if pairs < MINIMUM_PAIRS:
        return None
    clusters = clusters_of([item.sample for item, *_ in told], draws)
    labels = np.array([item.label for item, *_ in told], dtype=np.float64)
    shows, lacks = (np.array([both[side] > 0 for *_, both in told]) for side in (0, 1))
    return Polarity(
        role,
        stratum,
        topic,
        truth,
        questions=len(told),
        pairs=pairs,
        affirmative=clusters.bounded(balanced_accuracy(shows, labels)),
        negated=clusters.bounded(balanced_accuracy(~lacks, labels)),
        contradicts=clusters.rate(shows == lacks),
        agrees_twice=clusters.rate(shows & lacks),
        flagged=clusters.rate([verdict.contradiction for _, verdict, _ in told]),
    )


def _margins(verdict: Verdict, topic: Topic) -> tuple[float, float] | None:
    """Return how far "yes" is the likelier answer to both questions; ``None`` where one was not answered.

    A model behind an endpoint gives probabilities, or an answer alone, in place of logits.
    """
    found = []
    for side in ("present", "absent"):
        name = f"{topic}.{side}"
        margin, yes = verdict.details.get(name), verdict.details.get(f"{name}.yes")
        if margin is None and yes is None:
            return None
        found.append(margin if margin is not None else (yes or 0.0) - 0.5)
    return found[0], found[1]
