"""The figures pair by pair: which pairs a method succeeds on, and what became of each picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from negjudge.data.records import Pair
from negjudge.evaluation.evidence.scored import Scored, methods_in
from negjudge.guidance.methods import UNGUIDED

Mark = Literal["success", "still there", "object lost", "undecided"]


@dataclass(frozen=True)
class PairMethod:
    """A method on one pair: its rates, and the mark of each picture by its sample's id."""

    pictures: int
    success: float
    kept: float
    removed: float
    marks: Mapping[str, Mark]


@dataclass(frozen=True)
class PairRow:
    """A test pair, what is known of it, and each method's figures by ``source``, the finding's."""

    pair: str
    object: str
    element: str
    prompt: str
    negative: str
    category: str
    relation: str
    why: str
    source: str
    methods: Mapping[str, PairMethod]


def by_pair(scored: Sequence[Scored], source: str, pairs: Mapping[str, Pair]) -> list[PairRow]:
    """Return a row for each pair of the pictures that a source has looked at, in the order of ``pairs``."""
    found: dict[str, list[Scored]] = {}
    for one in scored:
        found.setdefault(one.sample.pair, []).append(one)
    return [_row(pair, source, found[pair.id]) for pair in pairs.values() if pair.id in found]


def mark(kept: float, removed: float, decided: bool = True) -> Mark:
    """Return what probably became of a picture: a lost object weighs more than an element still there."""
    if not decided:
        return "undecided"
    if kept < 0.5:
        return "object lost"
    return "success" if removed > 0.5 else "still there"


def _row(pair: Pair, source: str, scored: Sequence[Scored]) -> PairRow:
    methods = methods_in(one.sample for one in scored)
    guided = next((one.sample for one in scored if one.sample.method != UNGUIDED), scored[0].sample)
    return PairRow(
        pair=pair.id,
        object=pair.object,
        element=pair.element,
        prompt=guided.prompt,
        negative=guided.negative or pair.negative,
        category=pair.category,
        relation=pair.relation,
        why=pair.why,
        source=source,
        methods={m: _method([one for one in scored if one.sample.method == m]) for m in methods},
    )


def _method(scored: Sequence[Scored]) -> PairMethod:
    total = len(scored)
    return PairMethod(
        pictures=total,
        success=sum(one.success for one in scored) / total,
        kept=sum(one.kept for one in scored) / total,
        removed=sum(one.removed for one in scored) / total,
        marks={one.sample.id: mark(one.kept, one.removed, one.decided) for one in scored},
    )
