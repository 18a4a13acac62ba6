"""The methods' figures on the test pairs by one source, and how they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal, Protocol

from negjudge.data.records import Params
from negjudge.evaluation.evidence.scored import MEASURES, PRIMARY, Scored, clusters_of, methods_in
from negjudge.guidance.methods import EVALUATIONS, UNGUIDED
from negjudge.oracle.check import OracleError
from negjudge.statistics.clusters import Difference, Interval, holm

PairedBy = Literal["pair and seed", "pair", "pair, few seeds"]
SHARED = 0.9  # of each method's pictures: with fewer, pairing by seed would leave too many out


@dataclass(frozen=True)
class MethodRow:
    """A method's figures by one source. ``undecided`` is the share on whose success the source abstained.

    By a judge, success, kept and removed are the means of its probabilities, undecided pictures included. A
    tie among annotators is neither kept nor removed.
    """

    method: str
    params: Params
    pictures: int
    pairs: int
    success: Interval
    kept: Interval
    removed: Interval
    collateral: Interval | None
    quality: Interval | None
    undecided: float
    evaluations: int | None


class Rated(Protocol):
    """What has a rate in each of ``MEASURES``: a method, or one setting of it."""

    @property
    def method(self) -> str: ...

    @property
    def success(self) -> Interval: ...

    @property
    def kept(self) -> Interval: ...

    @property
    def removed(self) -> Interval: ...

    @property
    def collateral(self) -> Interval | None: ...


def rate_in(row: Rated, measure: str) -> Interval | None:
    """Return the rate in one of ``MEASURES``; ``None`` where nobody tells it."""
    return {
        "success": row.success,
        "kept": row.kept,
        "removed": row.removed,
        "collateral": row.collateral,
    }[measure]


@dataclass(frozen=True)
class Comparison:
    """The paired difference of two methods in one measure.

    ``paired_by`` tells by what: over the pictures of same pair and seed; or over the pairs, of each the mean,
    where the methods share no seeds, as those of different generators, or few ("pair, few seeds"), as where
    people labelled some pictures. ``pictures`` are then the first's.
    ``withstands`` tells whether it outlives the oracle's own error; ``None`` where that is not known.
    """

    measure: str
    first: str
    second: str
    pictures: int
    pairs: int
    difference: Difference
    withstands: bool | None = None
    paired_by: PairedBy = "pair and seed"


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
    if len(common) < SHARED * max(map(len, sides)):
        paired_by: PairedBy = "pair, few seeds" if common else "pair"
        return _compare_pairs(scored, measure, first, second, draws, paired_by)
    clusters = clusters_of([sides[0][key].sample for key in common], draws)
    values = [[float(getattr(side[key], measure)) for key in common] for side in sides]
    difference = clusters.difference(*values)
    return Comparison(measure, first, second, len(common), len({pair for pair, _ in common}), difference)


def _compare_pairs(
    scored: Sequence[Scored], measure: str, first: str, second: str, draws: int, paired_by: PairedBy
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
    return Comparison(measure, first, second, pictures, len(common), difference, paired_by=paired_by)


def carry_over(comparisons: Sequence[Comparison], errors: Sequence[OracleError]) -> list[Comparison]:
    """Return the comparisons with ``withstands`` set where both methods were checked.

    A difference withstands the oracle's error when its interval stays clear of 0 even if every error, at the
    upper end of both methods' intervals, had been in its favour. That is stricter than need be.
    """
    worst = {e.method: e.error.high for e in errors if e.error.high is not None}
    return [
        replace(c, withstands=_withstands(c, worst[c.first] + worst[c.second]))
        if c.first in worst and c.second in worst
        else c
        for c in comparisons
    ]


def _withstands(comparison: Comparison, slack: float) -> bool:
    low, high = comparison.difference.low, comparison.difference.high
    return low is not None and high is not None and (low > slack or high < -slack)
