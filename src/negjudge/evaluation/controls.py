"""Is removal specific? The same pictures again, with the wrong element named as the negative prompt."""

from __future__ import annotations

from dataclasses import dataclass

from negjudge.evaluation.evidence import Evidence
from negjudge.evaluation.scored import UNGUIDED, clusters_of, methods_in
from negjudge.metrics import outcome
from negjudge.records import Sample
from negjudge.statistics import Difference, Interval


@dataclass(frozen=True)
class Specificity:
    """How often the element is gone when it is named, when another is named, and without guidance.

    All three over the same pairs and seeds. ``gain`` is named less wrong, ``spill`` is wrong less unguided:
    a specific method has a large gain and no spill.
    """

    method: str
    pictures: int
    pairs: int
    named: Interval
    wrong: Interval
    unguided: Interval
    gain: Difference
    spill: Difference


def specificity(evidence: Evidence, draws: int) -> list[Specificity]:
    """Return a row for each guided method that has pictures with the wrong negative prompt."""
    rows = [_row(evidence, method, draws) for method in methods_in(evidence.control) if method != UNGUIDED]
    return [row for row in rows if row is not None]


def _row(evidence: Evidence, method: str, draws: int) -> Specificity | None:
    named = {(s.pair, s.seed): s for s in evidence.tested if s.method == method}
    wrong = {(s.pair, s.seed): s for s in evidence.control if s.method == method}
    keys = [key for key in wrong if key in named and key in evidence.unguided]
    triples = [(named[key], wrong[key], evidence.unguided[key]) for key in keys]
    triples = [t for t in triples if all(sample.id in evidence.readings for sample in t)]
    if not triples:
        return None
    clusters = clusters_of([first for first, _, _ in triples], draws)
    gone = [[_removed(evidence, sample) for sample in side] for side in zip(*triples, strict=True)]
    return Specificity(
        method=method,
        pictures=len(triples),
        pairs=len({first.pair for first, _, _ in triples}),
        named=clusters.rate(gone[0]),
        wrong=clusters.rate(gone[1]),
        unguided=clusters.rate(gone[2]),
        gain=clusters.difference(gone[0], gone[1]),
        spill=clusters.difference(gone[1], gone[2]),
    )


def _removed(evidence: Evidence, sample: Sample) -> bool:
    return outcome(sample, evidence.readings[sample.id]).removed
