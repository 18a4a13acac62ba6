"""What a contest adds to an evaluation: frontiers, matched comparisons, best of n, costs, what was frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from negjudge.data.records import Sample
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.evidence.scored import Scored
from negjudge.evaluation.evidence.sources import by_trust, what_is_said
from negjudge.evaluation.tradeoffs.best_of import BestOf, best_of_n
from negjudge.evaluation.tradeoffs.cost import Cost, read_cost
from negjudge.evaluation.tradeoffs.frontier import Frontiers, frontiers
from negjudge.guidance.methods import UNGUIDED
from negjudge.tuning.frozen import Frozen, setting_key


@dataclass(frozen=True)
class ContestTables:
    """The contest's own tables, by the most trusted source that read the frontier's pictures."""

    frozen: Frozen
    digest: str
    source: str
    frontiers: Frontiers | None
    best_of: tuple[BestOf, ...]
    cost: Cost | None


def contest_tables(
    evidence: Evidence, scored: Mapping[str, Sequence[Scored]], draws: int
) -> ContestTables | None:
    """Return the contest's tables; ``None`` where the run is no contest or nobody looked at its pictures.

    ``scored`` is what each source says of the chosen settings' pictures. People label some of these, and no
    other setting's: the tables are then by a judge.
    """
    frozen = evidence.frozen
    if frozen is None or not scored or not evidence.samples:
        return None
    frontier = {source: what_is_said(evidence, source, evidence.frontier) for source in by_trust(scored)}
    # The chosen settings are on the frontier too: who has seen these alone has not seen it.
    every = _settings(evidence.frontier)
    seen = [
        who for who, found in frontier.items() if found and _settings(one.sample for one in found) == every
    ]
    source = (seen or list(frontier))[0]
    chosen, tried = scored[source], frontier[source]
    steps = evidence.samples[0].steps
    evaluations = {UNGUIDED: steps, **evidence.evaluations}
    return ContestTables(
        frozen=frozen,
        digest=frozen.digest,
        source=source,
        frontiers=frontiers(frozen, [*chosen, *tried], source == "oracle", draws) if tried else None,
        best_of=tuple(best_of_n(evidence, chosen, source, evaluations, draws)),
        cost=read_cost(evidence.run, frozen, steps),
    )


def _settings(samples: Iterable[Sample]) -> set[tuple[str, str]]:
    return {(sample.method, setting_key(sample.params)) for sample in samples}
