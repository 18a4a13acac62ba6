"""Splits of a world, chosen by random search so that every promise of negjudge.data.splits is kept."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from negjudge.data.records import Pair
from negjudge.data.splits import MINIMUM_PAIRS, STRATA, STRICT, Splits, violations
from negjudge.errors import NegjudgeError

# Object to element to whether the element nearly always comes with the object.
World = Mapping[str, Mapping[str, bool]]
MINIMUM_TEST_PAIRS = 32


def too_small(splits: Splits) -> list[str]:
    """Return which groups have too few pairs for a good figure; a stratum without any has none to print."""
    sizes = [(f"judge {g}", len(splits.judge[g]), MINIMUM_PAIRS) for g in STRATA]
    sizes = [(name, size, least) for name, size, least in sizes if size]
    sizes.append(("methods test", len(splits.methods["test"]), MINIMUM_TEST_PAIRS))
    return [f"{name} has {size} pairs, fewer than {least}" for name, size, least in sizes if size < least]


@dataclass(frozen=True)
class _Choice:
    """Which objects and elements are new to the fine-tuned judge, and which of those to the base too."""

    world: World
    new_objects: frozenset[str]
    new_elements: frozenset[str]
    strict_objects: frozenset[str]
    strict_elements: frozenset[str]

    def groups(self) -> dict[str, list[tuple[str, str]]]:
        """Return the pairs (object, element) by stratum; "seen" holds what fine-tuning may use as well."""
        groups: dict[str, list[tuple[str, str]]] = {name: [] for name in (*STRATA, STRICT)}
        for name, elements in self.world.items():
            for element in elements:
                groups[self._group(name, element)].append((name, element))
        return groups

    def _group(self, name: str, element: str) -> str:
        if name in self.strict_objects or element in self.strict_elements:
            return STRICT
        kinds = {(False, False): "seen", (True, False): "new_object", (False, True): "new_element"}
        return kinds.get((name in self.new_objects, element in self.new_elements), "both_new")

    def worth(self, target: int) -> tuple[int, int, int]:
        """Return what the search raises: the smallest stratum, pairs to test methods on, pairs to tune on."""
        groups = self.groups()
        tests = sum(self.world[o][e] for g in ("new_object", "both_new") for o, e in groups[g])
        enough = MINIMUM_TEST_PAIRS + 4 - target
        return min(target, *map(len, groups.values())), min(enough, tests), len(groups["seen"])


def make_splits(
    world: World, pairs: Iterable[Pair], seed: int = 0, draws: int = 40_000, target: int = 14
) -> Splits:
    """Choose splits for a world by random search, the same ones for the same world and seed.

    ``target`` is the size each stratum should have, ``draws`` how many choices of new objects are tried. An
    element may be new only where it is optional on every object of the fine-tuning, or its pictures would
    show it. Raises NegjudgeError where no choice keeps every promise.
    """
    rng = random.Random(seed)
    choice = max((_draw(world, rng) for _ in range(draws)), key=lambda c: c.worth(target))
    ids = {(pair.object, pair.element): pair.id for pair in pairs}
    by_id = {pair.id: pair for pair in pairs}
    groups = {name: [ids[pair] for pair in found] for name, found in choice.groups().items()}
    judge = _part_known(groups["seen"], by_id, rng, target) | {g: groups[g] for g in (*STRATA[1:], STRICT)}
    tested = [i for g in STRATA for i in judge[g] if by_id[i].essential]
    dev = [i for i in judge["train"] if by_id[i].essential][:16]
    strict = {"objects": sorted(choice.strict_objects), "elements": sorted(choice.strict_elements)}
    splits = Splits(_frozen({"dev": dev, "test": tested}), _frozen(judge), _frozen(strict))
    wrong = [f"judge {group} has no pairs" for group in STRATA if not judge[group]]
    wrong += [*violations(splits, by_id), *too_small(splits)]
    if wrong:
        raise NegjudgeError(f"no splits found: {wrong[0]}; raise `draws` or enlarge the world")
    return splits


def _draw(world: World, rng: random.Random, strict_objects: int = 3, strict_elements: int = 2) -> _Choice:
    names = sorted(world)
    new = rng.sample(names, rng.randint(len(names) // 4, len(names) // 2))
    kept = [name for name in names if name not in new]
    always = {element for name in kept for element, essential in world[name].items() if essential}
    elements = sorted({element for parts in world.values() for element in parts} - always)
    carriers = Counter(element for parts in world.values() for element in parts)
    rare = [element for element in elements if carriers[element] == 1]
    strict = rng.sample(rare, min(strict_elements, len(rare)))
    unknown = rng.sample(new, min(strict_objects, len(new)))
    return _Choice(world, *map(frozenset, (new, elements, unknown, strict)))


def _part_known(
    known: Sequence[str], pairs: Mapping[str, Pair], rng: random.Random, target: int
) -> dict[str, list[str]]:
    """Part the pairs of known objects and elements into seen, validation and train.

    A pair leaves train only while its object and its element both stay there in other pairs.
    """
    order = rng.sample(known, len(known))
    train, taken = set(known), dict[str, list[str]]()
    for group, size, essential in (("seen", target, True), ("validation", 10, False)):
        taken[group] = []
        for i in order:
            others = [pairs[j] for j in train - {i}]
            spared = any(p.object == pairs[i].object for p in others) and any(
                p.element == pairs[i].element for p in others
            )
            if i in train and len(taken[group]) < size and spared and (pairs[i].essential or not essential):
                taken[group].append(i)
                train.remove(i)
    return {"train": [i for i in order if i in train], **taken}


def _frozen(groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(ids) for name, ids in groups.items()}
