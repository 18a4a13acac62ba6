"""Splits of a world, chosen by random search so that every promise of negjudge.data.splits is kept."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from negjudge.data.records import Pair
from negjudge.data.splits import STRATA, STRICT, Splits, violations
from negjudge.errors import NegjudgeError

# Object to element to whether the element nearly always comes with the object.
World = Mapping[str, Mapping[str, bool]]
MINIMUM_TEST_PAIRS = 60
MINIMUM_GROUP_PAIRS = 24
DEV_PAIRS = 24
# What each group should have; the search first fills whichever lacks most.
SIZES = {"train": 40, "validation": 24, **dict.fromkeys(STRATA, 30), STRICT: 26}
TEST_PAIRS = 66
KNOWN_OPTIONAL_PAIRS = 24  # some to train on and some to validate by
PARTINGS = 60  # of the pairs that fine-tuning may use; the one that fills its groups best is taken


def too_small(splits: Splits) -> list[str]:
    """Return which groups have too few pairs for a good figure; a stratum without any has none to print."""
    groups = ("validation", *STRATA, STRICT)
    sizes = [(f"judge {g}", len(splits.judge[g]), MINIMUM_GROUP_PAIRS) for g in groups]
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

    def lacks(self) -> float:
        """Return what the search lowers: broken promises, and the squared shares that groups lack."""
        groups = self.groups()
        known = SIZES["train"] + SIZES["validation"] + SIZES["seen"]
        short = [1 - len(groups[g]) / size for g, size in {**SIZES, "seen": known}.items() if g in groups]
        tests = sum(self.world[o][e] for g in ("new_object", "both_new") for o, e in groups[g])
        short.append(1 - (tests + SIZES["seen"]) / TEST_PAIRS)
        short.append(1 - sum(not self.world[o][e] for o, e in groups["seen"]) / KNOWN_OPTIONAL_PAIRS)
        varied = {e for _, e in groups["new_element"]} & {e for _, e in groups["both_new"]}
        return self._broken(groups) + sum(max(0.0, share) ** 2 for share in short) - 0.002 * len(varied)

    def _broken(self, groups: Mapping[str, Sequence[tuple[str, str]]]) -> int:
        """Return how many pairs are not what their group says.

        A new element must not come with nearly every picture of an object of the fine-tuning, which would
        show it; and an object or element that is not new must be in the fine-tuning.
        """
        objects, elements = {o for o, _ in groups["seen"]}, {e for _, e in groups["seen"]}
        return (
            sum(self.world[o][e] for g in ("new_element", STRICT) for o, e in groups[g] if o in objects)
            + sum(o not in objects for o, _ in groups["new_element"])
            + sum(e not in elements for _, e in groups["new_object"])
        )


def make_splits(world: World, pairs: Iterable[Pair], seed: int = 0, draws: int = 30_000) -> Splits:
    """Choose splits for a world by a random search, the same ones for the same world and seed.

    ``draws`` is how many choices of new objects and elements are tried. An element may be new only where it
    is optional on every object of the fine-tuning, or its pictures would show it. Raises NegjudgeError where
    no choice keeps every promise.
    """
    rng = random.Random(seed)
    choice = _search(world, rng, draws)
    ids = {(pair.object, pair.element): pair.id for pair in pairs}
    by_id = {pair.id: pair for pair in pairs}
    groups = {name: [ids[pair] for pair in found] for name, found in choice.groups().items()}
    parted = (_part_known(groups, by_id, rng) for _ in range(PARTINGS))
    judge = min(parted, key=lambda known: len(known["train"])) | {g: groups[g] for g in (*STRATA[1:], STRICT)}
    tested = [i for g in STRATA for i in judge[g] if by_id[i].essential]
    dev = [i for g in ("train", "validation") for i in judge[g] if by_id[i].essential][:DEV_PAIRS]
    strict = {"objects": sorted(choice.strict_objects), "elements": sorted(choice.strict_elements)}
    splits = Splits(_frozen({"dev": dev, "test": tested}), _frozen(judge), _frozen(strict))
    wrong = [f"judge {group} has no pairs" for group in STRATA if not judge[group]]
    wrong += [*violations(splits, by_id), *too_small(splits)]
    if wrong:
        raise NegjudgeError(f"no splits found: {wrong[0]}; raise `draws` or enlarge the world")
    return splits


def _search(world: World, rng: random.Random, draws: int) -> _Choice:
    """Return the best choice met while single words come and go; a worse one is taken ever more rarely."""
    nothing: frozenset[str] = frozenset()
    current = best = _Choice(world, nothing, nothing, nothing, nothing)
    lacks = least = current.lacks()
    for draw in range(draws):
        changed = _changed(current, rng)
        rival = changed.lacks()
        if rival <= lacks or rng.random() < math.exp(
            (lacks - rival) / (0.1 * (1 - draw / draws) ** 2 + 1e-4)
        ):
            current, lacks = changed, rival
        if lacks < least:
            best, least = current, lacks
    return best


def _changed(choice: _Choice, rng: random.Random) -> _Choice:
    """Return a choice in which one word is known, new or strict that was not."""
    names, elements = sorted(choice.world), sorted({e for parts in choice.world.values() for e in parts})
    if rng.random() < 0.5:
        word, kind = rng.choice(names), rng.choice(("known", "new", "new", STRICT))
        new, strict = _moved(word, kind, choice.new_objects, choice.strict_objects)
        return replace(choice, new_objects=new, strict_objects=strict)
    word, kind = rng.choice(elements), rng.choice(("known", "new", "new", STRICT))
    new, strict = _moved(word, kind, choice.new_elements, choice.strict_elements)
    return replace(choice, new_elements=new, strict_elements=strict)


def _moved(
    word: str, kind: str, new: frozenset[str], strict: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the new and the strict words; those that are strict are new as well."""
    return new - {word} if kind == "known" else new | {word}, strict | {
        word
    } if kind == STRICT else strict - {word}


def _part_known(
    groups: Mapping[str, Sequence[str]], pairs: Mapping[str, Pair], rng: random.Random
) -> dict[str, list[str]]:
    """Part the pairs of known objects and elements into seen, validation and train.

    A pair leaves train only while its object and its element both stay there in other pairs. What is seen is
    essential, since methods are tested on it; validation has the test's mix of essential and optional pairs.
    """
    known = groups["seen"]
    order = rng.sample(known, len(known))
    train = set(known)

    def take(size: int, essential: bool) -> list[str]:
        taken: list[str] = []
        for i in order:
            others = [pairs[j] for j in train - {i}]
            spared = any(p.object == pairs[i].object for p in others) and any(
                p.element == pairs[i].element for p in others
            )
            if i in train and len(taken) < size and spared and pairs[i].essential == essential:
                taken.append(i)
                train.remove(i)
        return taken

    seen = take(SIZES["seen"], essential=True)
    test = [pairs[i].essential for i in (*seen, *(j for g in STRATA[1:] for j in groups[g]))]
    size = SIZES["validation"]
    always = round(size * sum(test) / max(len(test), 1))
    validation = take(size - always, essential=False) + take(always, essential=True)
    rng.shuffle(validation)
    return {"train": [i for i in order if i in train], "validation": validation, "seen": seen}


def _frozen(groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(ids) for name, ids in groups.items()}
