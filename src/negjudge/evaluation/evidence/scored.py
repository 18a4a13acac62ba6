"""What a source says of each test picture: the oracle, a judge, or people's labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from negjudge.data.records import Sample
from negjudge.evaluation.evidence.asks import keep_view
from negjudge.evaluation.evidence.candidates import Role
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.guidance.methods import METHODS, UNGUIDED
from negjudge.oracle.outcomes import outcome
from negjudge.statistics.clusters import Clusters

PRIMARY = "success"
MEASURES = ("success", "kept", "removed", "collateral")


@dataclass(frozen=True)
class Scored:
    """What one source says of one picture: how probably it is kept, removed and a success.

    The oracle's and the annotators' word is 0 or 1. ``decided`` is false where the source abstained on
    success, was tied, or could not read the picture. ``collateral`` and ``quality`` are ``None`` where the
    source does not tell.
    """

    sample: Sample
    kept: float
    removed: float
    success: float
    collateral: float | None = None
    quality: float | None = None
    decided: bool = True


def by_oracle(evidence: Evidence, samples: Iterable[Sample] | None = None) -> list[Scored]:
    """Return the oracle's view of each picture that it has read; quality is its residual.

    The pictures are the test pictures unless ``samples`` are given.
    """
    found = []
    for sample in evidence.tested if samples is None else samples:
        reading = evidence.readings.get(sample.id)
        if reading is None:
            continue
        plain = evidence.before(sample)
        before = evidence.readings.get(plain.id) if plain else None
        seen = outcome(sample, reading, before, evidence.pairs[sample.pair].stay)
        collateral = None if sample.method == UNGUIDED else seen.collateral
        found.append(
            Scored(
                sample,
                kept=seen.kept,
                removed=seen.removed,
                success=seen.success,
                collateral=collateral,
                quality=reading.residual,
                decided=reading.object is not None,
            )
        )
    return found


def by_judge(evidence: Evidence, role: Role, samples: Iterable[Sample] | None = None) -> list[Scored]:
    """Return a judge's view of each test picture: its probabilities, its expected rating.

    Where it abstains, its probability still stands: a rate is the mean of probabilities, and counting what is
    near one half as a failure would lower it, by more for one method than for another. A picture about whose
    object or element it gave no answer is left out (``unanswered``). Collateral is told where it was asked
    about the parts that should stay.
    """
    found = []
    verdicts = evidence.verdicts.get((role, "plain"), {})
    for sample in evidence.tested if samples is None else samples:
        verdict = verdicts.get(sample.id)
        if verdict is None:
            continue
        named, element = verdict.object_present, verdict.element_present
        if named is None or element is None:
            continue
        found.append(
            Scored(
                sample,
                kept=named,
                removed=1 - element,
                success=named * (1 - element) if verdict.success is None else verdict.success,
                collateral=_seen_to_go(evidence, role, sample),
                quality=verdict.quality,
                decided=not verdict.abstained,
            )
        )
    return found


def unanswered(evidence: Evidence, role: Role) -> dict[str, int]:
    """Return how many test pictures a judge was asked about in vain, by method; only those with any."""
    said = evidence.verdicts.get((role, "plain"), {})
    asked = [(sample.method, said[sample.id]) for sample in evidence.tested if sample.id in said]
    return Counter(method for method, v in asked if None in (v.object_present, v.element_present))


def _seen_to_go(evidence: Evidence, role: Role, sample: Sample) -> float | None:
    """Return the share of the parts that a judge sees without guidance and not with it; ``None`` for none."""
    plain = evidence.unguided.get((sample.pair, sample.seed))
    if plain is None or sample.method == UNGUIDED:
        return None
    seen, lost = 0, 0
    for part in evidence.pairs[sample.pair].stay:
        said = evidence.verdicts.get((role, keep_view(part)), {})
        verdicts = [said.get(one.id) for one in (plain, sample)]
        before, after = (verdict.element_present if verdict else None for verdict in verdicts)
        if before is not None and after is not None and before >= 0.5:
            seen, lost = seen + 1, lost + (after < 0.5)
    return lost / seen if seen else None


def by_labels(evidence: Evidence) -> list[Scored]:
    """Return the annotators' view of each test picture with labels of object and element."""
    found = []
    for sample in evidence.tested:
        named, element = (evidence.labels.get((sample.id, question)) for question in ("object", "element"))
        if named is None or element is None:
            continue
        rating = evidence.labels.get((sample.id, "quality"))
        kept, removed = named.answer == "yes", element.answer == "no"
        decided = {named.answer, element.answer} <= {"yes", "no"}
        quality = rating.probability if rating else None
        found.append(Scored(sample, kept, removed, kept and removed, None, quality, decided))
    return found


def methods_in(samples: Iterable[Sample]) -> list[str]:
    """Return the methods of samples: ours in the order of ``METHODS``, then others as they come."""
    found = dict.fromkeys(sample.method for sample in samples)
    return [*(m for m in METHODS if m in found), *(m for m in found if m not in METHODS)]


def clusters_of(samples: Sequence[Sample], draws: int) -> Clusters:
    """Return samples clustered by object and element together."""
    return Clusters([s.object for s in samples], [s.element for s in samples], draws=draws)
