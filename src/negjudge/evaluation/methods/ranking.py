"""Do the sources agree: picture by picture, and in the order that they put the methods in?"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from negjudge.evaluation.evidence.scored import PRIMARY, Scored, clusters_of, methods_in
from negjudge.evaluation.methods.bias import Bias, Spread, biases, by_method, spread
from negjudge.evaluation.methods.table import Comparison
from negjudge.statistics.clusters import Clusters, Difference, Interval, Statistic
from negjudge.statistics.metrics import cohen_kappa, rate_of

TRUTHS = ("oracle", "labels")
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Agreement:
    """How often two sources say the same of a picture's success, and how far beyond chance (Cohen 1960)."""

    first: str
    second: str
    pictures: int
    pairs: int
    equal: Interval
    kappa: Interval


@dataclass(frozen=True)
class Separated:
    """Two methods that the reference tells apart; ``difference`` is the better's success less the worse's."""

    better: str
    worse: str
    difference: Difference
    withstands: bool | None


@dataclass(frozen=True)
class SourceRanking:
    """The methods in the order of one source, on the pictures that the reference has seen too.

    Of the ``told`` separated pairs that this source has pictures of, it orders ``same`` as the reference
    does, ``share`` of them; a tie is not the same. ``reversed`` holds (better, worse) by the reference where
    this source says the contrary. The reference itself has none of these.
    """

    source: str
    pictures: int
    rates: Mapping[str, Interval]
    ranking: tuple[str, ...]
    told: int | None = None
    same: int | None = None
    share: float | None = None
    reversed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Ranking:
    """All that is said of how the sources agree; without a ``reference`` only how they agree in pairs."""

    reference: str | None
    separated: tuple[Separated, ...] = ()
    compared: int = 0
    sources: tuple[SourceRanking, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    bias: tuple[Bias, ...] = ()
    spread: tuple[Spread, ...] = ()


def ranking(
    scored: Mapping[str, Sequence[Scored]], compared: Mapping[str, Sequence[Comparison]], draws: int
) -> Ranking | None:
    """Return how the sources agree, or ``None`` where there are not two.

    The oracle is the reference, else the labels; ``compared`` holds each source's comparisons of methods.
    """
    if len(scored) < 2:
        return None
    agreement = [
        found for a, b in itertools.combinations(scored, 2) if (found := _agreement(scored, a, b, draws))
    ]
    reference = next((source for source in TRUTHS if source in scored), None)
    if reference is None:
        return Ranking(None, agreement=tuple(agreement))
    pairs = [c for c in compared[reference] if c.measure == PRIMARY]
    separated = [_separated(c) for c in pairs if _is_separated(c.difference)]
    truth = {one.sample.id: one for one in scored[reference]}
    common = {source: [s for s in found if s.sample.id in truth] for source, found in scored.items()}
    others = {source: found for source, found in common.items() if source != reference and found}
    spreads = [spread(source, found, truth, draws) for source, found in others.items()]
    return Ranking(
        reference=reference,
        separated=tuple(separated),
        compared=len(pairs),
        sources=(
            _ranked(reference, scored[reference], draws),
            *(_ordered(_ranked(s, found, draws), found, separated) for s, found in others.items()),
        ),
        agreement=tuple(agreement),
        bias=tuple(b for source, found in others.items() for b in biases(source, found, truth, draws)),
        spread=tuple(found for found in spreads if found is not None),
    )


def _agreement(
    scored: Mapping[str, Sequence[Scored]], first: str, second: str, draws: int
) -> Agreement | None:
    other = {one.sample.id: one.success for one in scored[second]}
    both = [one for one in scored[first] if one.sample.id in other]
    if not both:
        return None
    clusters = clusters_of([one.sample for one in both], draws)
    a, b = [one.success > 0.5 for one in both], [other[one.sample.id] > 0.5 for one in both]
    return Agreement(
        first=first,
        second=second,
        pictures=len(both),
        pairs=len({one.sample.pair for one in both}),
        equal=clusters.bounded(rate_of([x == y for x, y in zip(a, b, strict=True)])),
        kappa=_within(clusters, cohen_kappa(a, b)),
    )


def _within(clusters: Clusters, statistic: Statistic) -> Interval:
    """Return a statistic between −1 and 1 with its interval, which stays there."""
    found = clusters.contrast(statistic, 0, 0)
    if found.low is None or found.high is None:
        return Interval(found.estimate, None, None)
    return Interval(found.estimate, max(-1.0, found.low), min(1.0, found.high))


def _is_separated(difference: Difference) -> bool:
    low, high, adjusted = difference.low, difference.high, difference.adjusted
    clear = low is not None and high is not None and (low > 0 or high < 0)
    return clear and adjusted is not None and adjusted < SIGNIFICANT


def _separated(comparison: Comparison) -> Separated:
    found = comparison.difference
    methods = (comparison.first, comparison.second)
    if found.estimate < 0:
        found, methods = found.turned(), methods[::-1]
    return Separated(*methods, found, comparison.withstands)


def _ranked(source: str, scored: Sequence[Scored], draws: int) -> SourceRanking:
    rates = {}
    for method in methods_in(one.sample for one in scored):
        own = [one for one in scored if one.sample.method == method]
        rates[method] = clusters_of([one.sample for one in own], draws).rate([one.success for one in own])
    order = sorted(rates, key=lambda method: -rates[method].estimate)
    return SourceRanking(source, len(scored), rates, tuple(order))


def _ordered(found: SourceRanking, scored: Sequence[Scored], separated: Sequence[Separated]) -> SourceRanking:
    """Return a source's ranking with how it orders the methods that the reference separates."""
    sides = by_method(scored)
    leads = [
        (pair, lead) for pair in separated if (lead := _lead(sides, pair.better, pair.worse)) is not None
    ]
    same = sum(lead > 0 for _, lead in leads)
    contrary = tuple((pair.better, pair.worse) for pair, lead in leads if lead < 0)
    return replace(
        found, told=len(leads), same=same, share=same / len(leads) if leads else None, reversed=contrary
    )


def _lead(sides: Mapping[str, Mapping[tuple[str, int], Scored]], better: str, worse: str) -> float | None:
    """Return how many more successes one method has than another, over the same pairs and seeds."""
    first, second = sides.get(better, {}), sides.get(worse, {})
    common = [key for key in first if key in second]
    return sum(first[key].success - second[key].success for key in common) if common else None
