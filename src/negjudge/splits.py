"""Which pairs tune methods, report them, train the judge and test it: reading, checking, choosing."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from negjudge.errors import NegjudgeError
from negjudge.records import Pair

# Object to element to whether the element nearly always comes with the object.
World = Mapping[str, Mapping[str, bool]]

STRATA = ("seen", "new_object", "new_element", "both_new")
STRICT = "strict"
GROUPS = {
    "methods": ("dev", "test"),
    "judge": ("train", "validation", *STRATA, STRICT),
    STRICT: ("objects", "elements"),
}
MINIMUM_PAIRS = 12
MINIMUM_TEST_PAIRS = 32


@dataclass(frozen=True)
class Splits:
    """Pair ids by purpose.

    ``judge`` parts every pair of a world: "new" objects and elements are neither asked about nor visible in
    the fine-tuning pictures, so a picture of a train or validation pair that shows a held-out element is to
    be left out of the fine-tuning. Words in ``strict`` are unknown to the base judge too; their pairs make a
    group of their own, so that the four strata measure fine-tuning alone.
    """

    methods: Mapping[str, tuple[str, ...]]
    judge: Mapping[str, tuple[str, ...]]
    strict: Mapping[str, tuple[str, ...]]

    def held_out_elements(self, pairs: Mapping[str, Pair]) -> frozenset[str]:
        """Return the elements that no fine-tuning picture may show; ``pairs`` by id."""
        listed = [*self.judge["new_element"], *self.judge["both_new"]]
        return frozenset([pairs[i].element for i in listed]) | frozenset(self.strict["elements"])

    def stratum(self, pair_id: str) -> str | None:
        """Return the judge's group of a pair ("train", "seen", "both_new", …), or ``None``."""
        return next((group for group, ids in self.judge.items() if pair_id in ids), None)


def read_splits(path: str | os.PathLike[str]) -> Splits:
    """Read a splits file; NegjudgeError names the file and the key that is missing or wrong."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NegjudgeError(f"{path} is missing; name an existing splits file or make one") from None
    except ValueError:
        raise NegjudgeError(f"{path}: not valid JSON; repair it or make it again") from None
    sections = {section: _section(content, section, names, path) for section, names in GROUPS.items()}
    return Splits(**sections)


def sound_splits(path: str | os.PathLike[str], pairs: Mapping[str, Pair]) -> Splits:
    """Read a splits file and hold it against its pairs, by id; NegjudgeError names a promise that it breaks.

    Called before anything is made: what was tuned or trained on a test pair could not be measured any more.
    """
    splits = read_splits(path)
    wrong = violations(splits, pairs)
    if wrong:
        raise NegjudgeError(f"{path}: {wrong[0]}; make the splits again")
    return splits


def _section(
    content: object, section: str, names: Sequence[str], path: str | os.PathLike[str]
) -> dict[str, tuple[str, ...]]:
    values = content.get(section) if isinstance(content, dict) else None
    if not isinstance(values, dict) or set(values) - set(names):
        raise NegjudgeError(f"{path}: {section!r} must be an object with the keys {', '.join(names)}")
    for name in names:
        ids = values.get(name, [])
        if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
            raise NegjudgeError(f"{path}: {section}.{name} must be a list of strings")
    return {name: tuple(values.get(name, ())) for name in names}


def splits_json(splits: Splits) -> str:
    """Return the content of a splits file."""
    return json.dumps(asdict(splits), indent=1) + "\n"


def violations(splits: Splits, pairs: Mapping[str, Pair]) -> list[str]:
    """Return which pairs are not where they may be, one line each; none where every promise is kept."""
    listed = [i for ids in (*splits.methods.values(), *splits.judge.values()) for i in ids]
    unknown = sorted(set(listed) - set(pairs))
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        return [f"unknown pairs: {', '.join(unknown[:3])}{more}"]
    return [*_judge_violations(splits, pairs), *_method_violations(splits, pairs)]


def _judge_violations(splits: Splits, pairs: Mapping[str, Pair]) -> list[str]:
    found = []
    counted = Counter(i for ids in splits.judge.values() for i in ids)
    found += [f"{i} is in {n} groups of the judge" for i, n in counted.items() if n > 1]
    asked = [pairs[i] for i in splits.judge["train"]]
    tuned = asked + [pairs[i] for i in splits.judge["validation"]]
    objects, elements = {p.object for p in tuned}, {p.element for p in tuned}
    # Essential elements are in nearly every picture of their object, asked about or not.
    visible = {p.element for p in pairs.values() if p.object in objects and p.essential} | elements
    new = {
        "seen": lambda p: p.object in {q.object for q in asked} and p.element in {q.element for q in asked},
        "new_object": lambda p: p.object not in objects and p.element in elements,
        "new_element": lambda p: p.object in objects and p.element not in visible,
        "both_new": lambda p: p.object not in objects and p.element not in visible,
    }
    for group, holds in new.items():
        found += [f"{i} is not {group.replace('_', ' ')}" for i in splits.judge[group] if not holds(pairs[i])]
    outside = [i for group, ids in splits.judge.items() if group != STRICT for i in ids]
    return found + [
        f"{i} has a strict word and is not in the group strict"
        for i in outside
        if _strict(pairs[i], splits.strict)
    ]


def _strict(pair: Pair, strict: Mapping[str, Sequence[str]]) -> bool:
    return pair.object in strict["objects"] or pair.element in strict["elements"]


def _method_violations(splits: Splits, pairs: Mapping[str, Pair]) -> list[str]:
    test = set(splits.methods["test"])
    used = {
        "methods dev": splits.methods["dev"],
        "judge train": splits.judge["train"],
        "judge validation": splits.judge["validation"],
    }
    found = [
        f"{i} is in methods test and in {where}" for where, ids in used.items() for i in ids if i in test
    ]
    optional = [i for i in (*splits.methods["dev"], *test) if not pairs[i].essential]
    return found + [f"{i} is not essential, and methods are measured on it" for i in optional]


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
