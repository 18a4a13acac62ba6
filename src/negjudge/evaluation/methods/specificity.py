"""Is removal specific? The same pictures again, with the wrong element named as the negative prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.evidence.scored import Scored, clusters_of, methods_in
from negjudge.evaluation.evidence.sources import by_trust, what_is_said
from negjudge.evaluation.methods.pairs import Mark, mark
from negjudge.guidance.methods import UNGUIDED
from negjudge.statistics.clusters import Difference, Interval


@dataclass(frozen=True)
class Specificity:
    """How often the element is gone when it is named, when another is named, and without guidance.

    All three by ``source``, over the same pairs and seeds. ``gain`` is named less wrong, ``spill`` is wrong
    less unguided: a specific method has a large gain and no spill. ``marks`` say what became of each picture
    with the wrong element named, by its sample's id.
    """

    method: str
    source: str
    pictures: int
    pairs: int
    named: Interval
    wrong: Interval
    unguided: Interval
    gain: Difference
    spill: Difference
    marks: Mapping[str, Mark]


def specificity(evidence: Evidence, scored: Mapping[str, Sequence[Scored]], draws: int) -> list[Specificity]:
    """Return a row for each guided method that has pictures with the wrong negative prompt.

    ``scored`` is what each source says of the test pictures; the most trusted one that has seen those with
    the wrong negative prompt tells all.
    """
    for source in by_trust(scored):
        control = what_is_said(evidence, source, evidence.control)
        if control:
            methods = [m for m in methods_in(one.sample for one in control) if m != UNGUIDED]
            rows = [_row(method, source, scored[source], control, draws) for method in methods]
            return [row for row in rows if row is not None]
    return []


def _row(
    method: str, source: str, scored: Sequence[Scored], control: Sequence[Scored], draws: int
) -> Specificity | None:
    wrong = _by_seed(control, method)
    sides = [_by_seed(scored, method), wrong, _by_seed(scored, UNGUIDED)]
    keys = [key for key in wrong if all(key in side for side in sides)]
    if not keys:
        return None
    gone = [[side[key].removed for key in keys] for side in sides]
    clusters = clusters_of([wrong[key].sample for key in keys], draws)
    return Specificity(
        method=method,
        source=source,
        pictures=len(keys),
        pairs=len({pair for pair, _ in keys}),
        named=clusters.rate(gone[0]),
        wrong=clusters.rate(gone[1]),
        unguided=clusters.rate(gone[2]),
        gain=clusters.difference(gone[0], gone[1]),
        spill=clusters.difference(gone[1], gone[2]),
        marks={one.sample.id: mark(one.kept, one.removed, one.decided) for one in wrong.values()},
    )


def _by_seed(scored: Sequence[Scored], method: str) -> dict[tuple[str, int], Scored]:
    return {(one.sample.pair, one.sample.seed): one for one in scored if one.sample.method == method}
