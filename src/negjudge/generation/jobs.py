"""Which pictures are asked for: pairs of a split, with which methods, from which seeds, rendered how."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from negjudge.data.pairs import select_pairs
from negjudge.data.records import Pair, Serves
from negjudge.data.splits import Splits
from negjudge.errors import NegjudgeError
from negjudge.generation.strengths import Spaces
from negjudge.guidance import GuidanceMethod
from negjudge.recipes import require_least

DRAWN_SEEDS = 1 << 31
"""The first seed of pictures at drawn strengths; those at tuned settings have lower ones."""


@dataclass(frozen=True)
class Job:
    """One picture to make; the negative prompt is the pair's.

    ``batch`` is how many pictures its forward holds, the run's batch size where ``None`` or larger.
    """

    pair: Pair
    method: GuidanceMethod
    seed: int
    serves: Serves = "any"
    batch: int | None = None


@dataclass(frozen=True)
class Rendering:
    """How every picture of a run is made: sampler steps, size in pixels, pictures in one forward.

    ``arguments`` go to the pipeline's call as they are.
    """

    steps: int = 8
    width: int = 64
    height: int = 64
    batch_size: int = 16
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PictureSet:
    """Pairs of some splits, and how many pictures to make of each with each method."""

    splits: list[str] = field(default_factory=list)
    """Parts of the splits file as group/part, such as methods/test."""
    seeds: int = 1
    """Pictures of each pair with each method; 0 makes none."""
    strengths: Literal["tuned", "drawn"] = "tuned"
    """tuned: each method at its setting; drawn: over its search space, for the judge alone."""
    together: int = 2
    """Pictures of a pair and method that share a drawn setting, and are made in one forward."""

    def __post_init__(self) -> None:
        require_least(self, together=1)

    @property
    def drawn(self) -> bool:
        """Whether there are pictures at drawn strengths."""
        return self.strengths == "drawn" and self.seeds > 0

    def jobs(
        self,
        pairs: Mapping[str, Pair],
        splits: Splits,
        methods: Iterable[GuidanceMethod],
        spaces: Spaces | None = None,
    ) -> list[Job]:
        """Return the jobs of this set, its first seed first; drawn strengths need their ``spaces``."""
        chosen = select_pairs(pairs, splits, self.splits)
        if not self.drawn:
            return jobs_of(chosen, methods, self.seeds)
        if spaces is None:
            raise NegjudgeError("strengths are drawn, and there are no spaces to draw them from")
        return drawn_jobs(chosen, [method.name for method in methods], self.seeds, spaces, self.together)

    def control(
        self, pairs: Mapping[str, Pair], splits: Splits, methods: Iterable[GuidanceMethod]
    ) -> list[Job]:
        """Return the jobs of this set with wrong negatives, which leave unguided pictures as they are."""
        chosen = wrong_negatives(select_pairs(pairs, splits, self.splits), pairs.values())
        return jobs_of(chosen, [method for method in methods if method.guides], self.seeds)


def require_tuned(**sets: PictureSet) -> None:
    """Raise ValueError where a set, under its key in a recipe, has drawn strengths: it measures methods."""
    for key, one in sets.items():
        if one.strengths != "tuned":
            raise ValueError(
                f"key '{key}.strengths': methods are measured at their settings; only tuned will do"
            )


def seed_of(pair: Pair, number: int) -> int:
    """Return the seed of a pair's picture ``number``: the same for every method, another for every pair.

    If all pairs shared a few noises, pictures of different pairs would not be independent draws and the
    intervals over pairs would be too narrow.
    """
    return int.from_bytes(hashlib.sha256(f"{pair.id} {number}".encode()).digest()[:4]) >> 1


def wrong_negatives(pairs: Sequence[Pair], all_pairs: Iterable[Pair]) -> list[Pair]:
    """Return the pairs with the negative prompt of another element of the same object.

    ``element`` stays the right one: its removal is what falls back to the unguided rate where a method is
    specific. A pair whose object has no other element is left out.
    """
    words = {(pair.object, pair.element): pair.negative for pair in all_pairs}
    control = []
    for pair in pairs:
        others = sorted(set(pair.stay) - {pair.element})
        if others:
            wrong = others[seed_of(pair, 0) % len(others)]
            control.append(dataclasses.replace(pair, negative=words.get((pair.object, wrong), wrong)))
    return control


def jobs_of(pairs: Sequence[Pair], methods: Iterable[GuidanceMethod], seeds: int) -> list[Job]:
    """Return a job for each pair with each method, from the first ``seeds`` seeds of the pair.

    The order is by seed, then pair, then method: the first part of the list covers every pair alike.
    """
    methods = list(methods)
    return [Job(pair, m, seed_of(pair, number)) for number in range(seeds) for pair in pairs for m in methods]


def drawn_jobs(
    pairs: Sequence[Pair], methods: Sequence[str], seeds: int, spaces: Spaces, together: int = 1
) -> list[Job]:
    """Return a job for each pair with each method, from ``seeds`` seeds, at settings drawn for the judge.

    A setting follows from the pair, the method and the first of the ``together`` seeds that share it, so that
    other pairs, methods or more seeds never change it. No seed is one of ``jobs_of``: a picture serves the
    methods or the judge. The order is that of ``jobs_of``.
    """
    return [
        _drawn_job(pair, name, number, spaces, together)
        for number in range(seeds)
        for pair in pairs
        for name in methods
    ]


def _drawn_job(pair: Pair, name: str, number: int, spaces: Spaces, together: int) -> Job:
    first = drawn_seed(pair, number - number % together)
    method = spaces.draw(name, f"{pair.id} {name} {first}")
    # Without guidance there is one setting: such pictures fill whole batches.
    batch = together if method.guides else None
    return Job(pair, method, drawn_seed(pair, number), serves="judge", batch=batch)


def drawn_seed(pair: Pair, number: int) -> int:
    """Return the seed of a pair's picture ``number`` at drawn strengths: the same for every method."""
    return DRAWN_SEEDS + seed_of(pair, number)
