"""Which pictures are asked for: pairs of a split, with which methods, from which seeds, rendered how."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negjudge.errors import NegjudgeError
from negjudge.guidance import GuidanceMethod, method_from
from negjudge.recipes import read_yaml
from negjudge.records import Pair, read_records
from negjudge.splits import Splits


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
        return jobs_of(chosen, [method for method in methods if method.name != "none"], self.seeds)


def read_pairs(path: str | Path) -> dict[str, Pair]:
    """Return the pairs of a JSONL file, or of every one in a folder, by id.

    Raises NegjudgeError where the path is missing or empty, or an id is there twice.
    """
    pairs = [pair for file in pairs_files(path) for pair in read_records(file, Pair)]
    if not pairs:
        raise NegjudgeError(f"{path} is missing or empty; expected one pair of object and element a line")
    by_id = {pair.id: pair for pair in pairs}
    if len(by_id) < len(pairs):
        twice = next(p.id for i, p in enumerate(pairs) if p.id in {q.id for q in pairs[:i]})
        raise NegjudgeError(f"{path}: the pair {twice!r} is there twice; give each pair its own id")
    return by_id


def pairs_files(path: str | Path) -> list[Path]:
    """Return the file, or the JSONL files of a folder in the order of their names."""
    return sorted(Path(path).glob("*.jsonl")) if Path(path).is_dir() else [Path(path)]


def select_pairs(pairs: Mapping[str, Pair], splits: Splits, parts: Sequence[str]) -> list[Pair]:
    """Return the pairs of parts such as "methods/test", in the order of the splits, each pair once."""
    groups = {f"methods/{name}": ids for name, ids in splits.methods.items()}
    groups |= {f"judge/{name}": ids for name, ids in splits.judge.items()}
    chosen: dict[str, Pair] = {}
    for part in parts:
        if part not in groups:
            raise NegjudgeError(f"there is no split {part!r}; use some of {', '.join(groups)}")
        for pair_id in groups[part]:
            if pair_id not in pairs:
                raise NegjudgeError(f"split {part} names the pair {pair_id!r}, which the pairs file lacks")
            chosen[pair_id] = pairs[pair_id]
    return list(chosen.values())


def read_settings(path: str | Path, methods: Iterable[str]) -> dict[str, GuidanceMethod]:
    """Return each named method at its setting in the settings file; "none" needs no entry."""
    settings = read_yaml(path)
    found = {}
    for name in methods:
        params = {} if name == "none" else settings.get(name)
        if not isinstance(params, dict):
            raise NegjudgeError(f"{path} has no settings for {name!r}; run `make tune`, or add them")
        found[name] = method_from(name, params)
    return found


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
