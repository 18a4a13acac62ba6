"""What a contest adds to an evaluation: frontiers, matched comparisons, best of n, costs, what was frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from negjudge.evaluation.best_of import BestOf, best_of_n
from negjudge.evaluation.cost import Cost, read_cost
from negjudge.evaluation.evidence import Evidence
from negjudge.evaluation.frontier import Frontiers, frontiers
from negjudge.evaluation.scored import UNGUIDED, Scored, by_judge, by_oracle
from negjudge.frozen import Frozen


@dataclass(frozen=True)
class ContestTables:
    """The contest's own tables, by the source that the finding is by."""

    frozen: Frozen
    digest: str
    source: str
    frontiers: Frontiers | None
    best_of: tuple[BestOf, ...]
    cost: Cost | None


def contest_tables(
    evidence: Evidence, source: str | None, scored: Sequence[Scored], draws: int
) -> ContestTables | None:
    """Return the contest's tables; ``None`` where the run is no contest or nobody looked at its pictures.

    ``scored`` is what ``source`` says of the chosen settings' pictures.
    """
    frozen = evidence.frozen
    if frozen is None or source is None or not scored:
        return None
    steps = next(one.sample.steps for one in scored if one.sample.method == UNGUIDED)
    evaluations = {UNGUIDED: steps, **evidence.evaluations}
    if source == "oracle":
        tried = by_oracle(evidence, evidence.frontier)
    else:
        tried = by_judge(evidence, source, evidence.frontier)
    return ContestTables(
        frozen=frozen,
        digest=frozen.digest,
        source=source,
        frontiers=frontiers(frozen, [*scored, *tried], source == "oracle", draws) if tried else None,
        best_of=tuple(best_of_n(evidence, scored, source, evaluations, draws)),
        cost=read_cost(evidence.run, frozen, steps),
    )
