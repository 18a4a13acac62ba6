"""Everyone who tells of the test pictures what became of them, in the order of the tables."""

from __future__ import annotations

from negjudge.evaluation.candidates import BASE, TUNED
from negjudge.evaluation.evidence import Evidence
from negjudge.evaluation.scored import Scored, by_judge, by_labels, by_oracle


def by_source(evidence: Evidence) -> dict[str, list[Scored]]:
    """Return what each source says of each test picture: the oracle, labels, tuned, base, further judges.

    Those that tell nothing are not among them.
    """
    found = {"oracle": by_oracle(evidence), "labels": by_labels(evidence)}
    for role in dict.fromkeys((TUNED, BASE, *evidence.judges)):
        found[role] = by_judge(evidence, role)
    return {source: scored for source, scored in found.items() if scored}


def leading(sources: list[str]) -> str | None:
    """Return the source that the finding goes by: the first but the untuned base."""
    return next((source for source in sources if source != BASE), None)
