"""Which pictures are asked for: pairs of a split, with which methods, from which seeds, rendered how."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from negjudge.data.pairs import select_pairs
from negjudge.data.records import Pair
from negjudge.data.splits import Splits
from negjudge.guidance import GuidanceMethod


@dataclass(frozen=True)
class Job:
    """One picture to make; the negative prompt is the pair's."""

    pair: Pair
    method: GuidanceMethod
    seed: int


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

    def jobs(self, pairs: Mapping[str, Pair], splits: Splits, methods: Iterable[GuidanceMethod]) -> list[Job]:
        """Return the jobs of this set, its first seed first."""
        return jobs_of(select_pairs(pairs, splits, self.splits), methods, self.seeds)

    def control(
        self, pairs: Mapping[str, Pair], splits: Splits, methods: Iterable[GuidanceMethod]
    ) -> list[Job]:
        """Return the jobs of this set with wrong negatives, which leave unguided pictures as they are."""
        chosen = wrong_negatives(select_pairs(pairs, splits, self.splits), pairs.values())
        return jobs_of(chosen, [method for method in methods if method.guides], self.seeds)


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
