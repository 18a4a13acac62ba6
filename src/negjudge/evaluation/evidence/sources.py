"""Everyone who tells of the test pictures what became of them, in the order of the tables."""

from __future__ import annotations

from collections.abc import Iterable

from negjudge.data.records import Sample
from negjudge.evaluation.evidence.candidates import BASE, TUNED
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.evidence.scored import Scored, by_judge, by_labels, by_oracle


def by_source(evidence: Evidence) -> dict[str, list[Scored]]:
    """Return what each source says of each test picture: the oracle, labels, tuned, base, further judges.

    Those that tell nothing are not among them.
    """
    found = {"oracle": by_oracle(evidence), "labels": by_labels(evidence)}
    for role in dict.fromkeys((TUNED, BASE, *evidence.judges)):
        found[role] = by_judge(evidence, role)
    return {source: scored for source, scored in found.items() if scored}


def what_is_said(evidence: Evidence, source: str, samples: Iterable[Sample]) -> list[Scored]:
    """Return what a source says of pictures other than the test pictures; people are asked about none."""
    return by_oracle(evidence, samples) if source == "oracle" else by_judge(evidence, source, samples)


def by_trust(sources: Iterable[str]) -> list[str]:
    """Return sources, the one first that a finding goes by: in their order, the untuned base last."""
    return sorted(sources, key=lambda source: source == BASE)
