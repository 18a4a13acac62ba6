"""The methods' figures on the test pairs: by the oracle, by a judge, or by labels; and how they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Literal

from negjudge.evaluation.asks import keep_view
from negjudge.evaluation.candidates import Role
from negjudge.evaluation.evidence import Evidence
from negjudge.metrics import EVALUATIONS, outcome
from negjudge.records import METHODS, Sample
from negjudge.statistics import Clusters, Difference, Interval, holm

PRIMARY = "success"
MEASURES = ("success", "kept", "removed", "collateral")
UNGUIDED = "none"


@dataclass(frozen=True)
class Scored:
    """What one source says of one picture; ``decided`` is false where it abstained on success or was tied.

    ``collateral`` and ``quality`` are ``None`` where the source does not tell.
    """

    sample: Sample
    kept: bool
    removed: bool
    success: bool
    collateral: float | None = None
    quality: float | None = None
    decided: bool = True


@dataclass(frozen=True)
class MethodRow:
    """A method's figures by one source. ``undecided`` is the share on whose success the source abstained.

    Undecided pictures do not count as successful. A judge abstains on success alone: what it answers about
    the object and the element counts. A tie among annotators is neither kept nor removed.
    """

    method: str
    params: Mapping[str, Any]
    pictures: int
    pairs: int
    success: Interval
    kept: Interval
    removed: Interval
    collateral: Interval | None
    quality: Interval | None
    undecided: float
    evaluations: int | None


@dataclass(frozen=True)
class Comparison:
    """The paired difference of two methods in one measure.

    ``paired_by`` tells by what: over the pictures of same pair and seed; or, where the methods share none,
    as those of different generators, over the pairs, of each the mean. ``pictures`` are then the first's.
    ``withstands`` tells whether it outlives the oracle's own error; ``None`` where that is not known.
    """

    measure: str
    first: str
    second: str
    pictures: int
    pairs: int
    difference: Difference
    withstands: bool | None = None
    paired_by: Literal["pair and seed", "pair"] = "pair and seed"


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
        found.append(Scored(sample, seen.kept, seen.removed, seen.success, collateral, reading.residual))
    return found


def by_judge(evidence: Evidence, role: Role, samples: Iterable[Sample] | None = None) -> list[Scored]:
    """Return a judge's view of each test picture: its probabilities cut at one half, its expected rating.

    A question that it did not answer is neither kept nor removed. Collateral is told where it was asked about
    the parts that should stay.
    """
    found = []
    verdicts = evidence.verdicts.get((role, "plain"), {})
    for sample in evidence.tested if samples is None else samples:
        verdict = verdicts.get(sample.id)
        if verdict is None:
            continue
        named, element = verdict.object_present, verdict.element_present
        decided = not verdict.abstained and None not in (named, element)
        found.append(
            Scored(
                sample,
                kept=named is not None and named >= 0.5,
                removed=element is not None and element < 0.5,
                success=decided and (verdict.success or 0.0) >= 0.5,
                collateral=_seen_to_go(evidence, role, sample),
                quality=verdict.quality,
                decided=decided,
            )
        )
    return found


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


def methods_table(
    scored: Sequence[Scored], draws: int, evaluations: Mapping[str, int] | None = None
) -> list[MethodRow]:
    """Return a row for each method among the pictures, in the order of ``methods_in``.

    ``evaluations`` of one picture are given for methods of other generators, where they are known.
    """
    known = evaluations or {}
    return [
        _row(method, [one for one in scored if one.sample.method == method], draws, known.get(method))
        for method in methods_in(one.sample for one in scored)
    ]


def methods_in(samples: Iterable[Sample]) -> list[str]:
    """Return the methods of samples: ours in the order of ``METHODS``, then others as they come."""
    found = dict.fromkeys(sample.method for sample in samples)
    return [*(m for m in METHODS if m in found), *(m for m in found if m not in METHODS)]


def _row(method: str, scored: Sequence[Scored], draws: int, evaluations: int | None) -> MethodRow:
    if evaluations is None and method in EVALUATIONS:
        evaluations = scored[0].sample.steps * EVALUATIONS[method] or None
    clusters = clusters_of([one.sample for one in scored], draws)
    qualities = [one.quality for one in scored if one.quality is not None]
    return MethodRow(
        method=method,
        params=dict(scored[0].sample.params),
        pictures=len(scored),
        pairs=len({one.sample.pair for one in scored}),
        success=clusters.rate([one.success for one in scored]),
        kept=clusters.rate([one.kept for one in scored]),
        removed=clusters.rate([one.removed for one in scored]),
        collateral=_collateral(scored, draws),
        quality=clusters.mean(qualities) if len(qualities) == len(scored) else None,
        undecided=sum(not one.decided for one in scored) / len(scored),
        evaluations=evaluations,
    )


def _collateral(scored: Sequence[Scored], draws: int) -> Interval | None:
    told = [(one.sample, one.collateral) for one in scored if one.collateral is not None]
    if not told:
        return None
    return clusters_of([sample for sample, _ in told], draws).rate([share for _, share in told])


def comparisons(scored: Sequence[Scored], draws: int) -> list[Comparison]:
    """Return every guided method against none in each measure, and the guided ones against each other.

    p-values are corrected by Holm's method within each measure; among the guided, success alone is compared.
    """
    methods = methods_in(one.sample for one in scored)
    guided = [method for method in methods if method != UNGUIDED]
    wanted = [(m, a, UNGUIDED) for m in MEASURES[:3] for a in guided if UNGUIDED in methods]
    wanted += [(PRIMARY, a, b) for i, a in enumerate(guided) for b in guided[i + 1 :]]
    found = [c for measure, a, b in wanted if (c := _compare(scored, measure, a, b, draws)) is not None]
    corrected = []
    for measure in MEASURES:
        family = {f"{c.first} {c.second}": c for c in found if c.measure == measure}
        adjusted = holm({name: c.difference for name, c in family.items()})
        corrected += [replace(c, difference=adjusted[name]) for name, c in family.items()]
    return corrected


def _compare(
    scored: Sequence[Scored], measure: str, first: str, second: str, draws: int
) -> Comparison | None:
    sides = [
        {(s.sample.pair, s.sample.seed): s for s in scored if s.sample.method == method}
        for method in (first, second)
    ]
    common = [key for key in sides[0] if key in sides[1]]
    if not common:
        return _compare_pairs(scored, measure, first, second, draws)
    clusters = clusters_of([sides[0][key].sample for key in common], draws)
    values = [[float(getattr(side[key], measure)) for key in common] for side in sides]
    difference = clusters.difference(*values)
    return Comparison(measure, first, second, len(common), len({pair for pair, _ in common}), difference)


def _compare_pairs(
    scored: Sequence[Scored], measure: str, first: str, second: str, draws: int
) -> Comparison | None:
    """Compare the means of each pair that both methods have; one pair alone has no interval."""
    sides: list[dict[str, list[Scored]]] = [{}, {}]
    for one in scored:
        for side, method in zip(sides, (first, second), strict=True):
            if one.sample.method == method:
                side.setdefault(one.sample.pair, []).append(one)
    common = [pair for pair in sides[0] if pair in sides[1]]
    if not common:
        return None
    clusters = clusters_of([sides[0][pair][0].sample for pair in common], draws)
    means = [[fmean(float(getattr(s, measure)) for s in side[pair]) for pair in common] for side in sides]
    difference = clusters.difference(*means)
    if len(common) == 1:
        difference = replace(difference, low=None, high=None, p=None)
    pictures = sum(len(sides[0][pair]) for pair in common)
    return Comparison(measure, first, second, pictures, len(common), difference, paired_by="pair")


def clusters_of(samples: Sequence[Sample], draws: int) -> Clusters:
    """Return samples clustered by object and element together."""
    return Clusters([s.object for s in samples], [s.element for s in samples], draws=draws)
