"""By how much a source over- or understates each method's success, and whether it favours some methods."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from negjudge.evaluation.evidence.scored import Scored, clusters_of, methods_in
from negjudge.statistics.clusters import Difference, holm


@dataclass(frozen=True)
class Bias:
    """A source's success rate of a method less the reference's, on the same pictures."""

    source: str
    method: str
    pictures: int
    pairs: int
    difference: Difference


@dataclass(frozen=True)
class Spread:
    """The largest difference between a source's biases of two methods, over the same pairs and seeds.

    A source with the same bias for every method ranks them as the reference does. The two methods were
    picked for their difference: its p-value is corrected over all pairs of methods, its interval is not.
    """

    source: str
    most: str
    least: str
    difference: Difference


def biases(source: str, scored: Sequence[Scored], truth: Mapping[str, Scored], draws: int) -> list[Bias]:
    """Return a source's bias of each method; ``truth`` is what the reference says, by sample."""
    found = []
    for method, side in by_method(scored).items():
        samples = [one.sample for one in side.values()]
        said = [one.success for one in side.values()]
        true = [truth[sample.id].success for sample in samples]
        difference = clusters_of(samples, draws).difference(said, true)
        found.append(Bias(source, method, len(samples), len({s.pair for s in samples}), difference))
    return found


def spread(source: str, scored: Sequence[Scored], truth: Mapping[str, Scored], draws: int) -> Spread | None:
    """Return the two methods whose biases differ most; ``None`` without two of the same pairs and seeds."""
    sides = by_method(scored)
    found = {}
    for first, second in itertools.combinations(sides, 2):
        common = [key for key in sides[first] if key in sides[second]]
        if common:
            clusters = clusters_of([sides[first][key].sample for key in common], draws)
            gaps = [[_gap(sides[m][key], truth) for key in common] for m in (first, second)]
            found[first, second] = clusters.difference(*gaps)
    if not found:
        return None
    corrected = holm({" ".join(pair): difference for pair, difference in found.items()})
    most, least = max(found, key=lambda pair: abs(found[pair].estimate))
    widest = corrected[f"{most} {least}"]
    if widest.estimate < 0:
        return Spread(source, least, most, widest.turned())
    return Spread(source, most, least, widest)


def by_method(scored: Sequence[Scored]) -> dict[str, dict[tuple[str, int], Scored]]:
    """Return what was said of each picture, by method and then by pair and seed."""
    sides: dict[str, dict[tuple[str, int], Scored]] = {}
    for method in methods_in(one.sample for one in scored):
        own = [one for one in scored if one.sample.method == method]
        sides[method] = {(one.sample.pair, one.sample.seed): one for one in own}
    return sides


def _gap(one: Scored, truth: Mapping[str, Scored]) -> float:
    return one.success - truth[one.sample.id].success
