"""The rules of the benchmark's specification that pairs break together: repeats, overlap, balance."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from negjudge.benchmark.rules import CATEGORIES, RELATIONS
from negjudge.data.nouns import head, same
from negjudge.data.records import Pair

MOST_OF_ONE = 3
"""Pairs that may share an object, and pairs that may share an element."""
_LITTLE = frozenset(
    same(word) for word in "a an the of on in at with and by to from over under near its".split()
)
_Fault = tuple["Entry", str]


@dataclass(frozen=True)
class Entry:
    """A pair and where it is written; ``part`` is "dev" or "test", or the name of another file."""

    file: str
    line: int
    part: str
    pair: Pair

    @property
    def where(self) -> str:
        """The file and the line."""
        return f"{self.file}:{self.line}"

    def says(self, fault: str) -> str:
        """Return a violation as a line."""
        return f"{self.where}: {self.pair.id}: {fault}"


def set_faults(entries: Sequence[Entry], whole: bool) -> Iterator[_Fault]:
    """Yield what is wrong with pairs together, each at the later pair; ``whole`` asks for the spread too."""
    yield from _repeated(entries)
    yield from _alike(entries)
    if whole:
        yield from _shared(entries)
        for part in sorted({entry.part for entry in entries}):
            yield from _spread([entry for entry in entries if entry.part == part])


def _repeated(entries: Sequence[Entry]) -> Iterator[_Fault]:
    first: dict[str, Entry] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        before = first.setdefault(entry.pair.id, entry)
        if before is not entry:
            yield entry, f"the id is that of {before.where}; give each pair its own"
        for kind, noun in (("object", entry.pair.object), ("element", entry.pair.element)):
            counts[kind, same(noun)] += 1
            if counts[kind, same(noun)] > MOST_OF_ONE:
                yield entry, f"the {kind} {noun!r} is in more than {MOST_OF_ONE} pairs; choose another"


def _alike(entries: Sequence[Entry]) -> Iterator[_Fault]:
    """Near-duplicates: one element of nearly one object, nearly one prompt, nearly one reason."""
    known = [
        (
            e,
            same(head(e.pair.element)),
            same(head(e.pair.object)),
            _content(e.pair.prompt),
            _content(e.pair.why),
        )
        for e in entries
    ]
    for (one, element, thing, prompt, why), (
        other,
        element2,
        thing2,
        prompt2,
        why2,
    ) in itertools.combinations(known, 2):
        if element == element2 and (thing == thing2 or _overlap(prompt, prompt2) >= 0.5):
            yield (
                other,
                f"{other.pair.element!r} of nearly the same object as {one.pair.id}; vary one of them",
            )
        elif thing != thing2 and min(len(prompt), len(prompt2)) > 1 and _overlap(prompt, prompt2) >= 0.6:
            yield other, f"the prompt is nearly that of {one.pair.id}; vary one of them"
        if _overlap(why, why2) > 0.6:
            yield other, f"why is nearly that of {one.pair.id}; say what is special to this pair"


def _content(text: str) -> frozenset[str]:
    return frozenset(same(text).split()) - _LITTLE


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the words that two texts share, as a share of all of theirs."""
    return len(one & other) / len(one | other) if one | other else 0.0


def _shared(entries: Sequence[Entry]) -> Iterator[_Fault]:
    """Nouns that dev and test share, as objects or elements: by the whole noun, or by its head."""
    owners: dict[str, Entry] = {}
    for entry in entries:
        if entry.part == "test":
            for noun in (entry.pair.object, entry.pair.element):
                owners.setdefault(same(head(noun)), entry)
    for entry in entries:
        for kind, noun in (("object", entry.pair.object), ("element", entry.pair.element)):
            other = owners.get(same(head(noun)))
            if entry.part == "dev" and other:
                yield (
                    entry,
                    f"the {kind} {noun!r} is in test too ({other.pair.id}); "
                    "dev and test may share none, singular or plural",
                )


def _spread(entries: Sequence[Entry]) -> Iterator[_Fault]:
    """No category far from an even share; an eighth of each relation, parts at most half.

    The eighth is rounded down: up, one line more than 200 would ask for another pair of each relation.
    """
    last, count = entries[-1], len(entries)
    categories = defaultdict(int, Counter(entry.pair.category for entry in entries))
    least, most = _share_of_a_category(count)
    for name in CATEGORIES:
        if not least <= categories[name] <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            yield last, f"{last.part} has {categories[name]} pairs of {name}; make it {wanted}"
    relations, eighth = Counter(entry.pair.relation for entry in entries), count // 8
    for name in RELATIONS[1:]:
        if relations[name] < eighth:
            yield (
                last,
                f"{last.part} has {relations[name]} pairs of relation {name}; make it {eighth} or more",
            )
    if 2 * relations["part"] > count:
        yield last, f"{last.part} has {relations['part']} pairs of relation part; half of {count} is the most"


def _share_of_a_category(count: int) -> tuple[int, int]:
    """Return the fewest and the most of ``count`` pairs that one category may have.

    A run's figures are means over pairs, so a category weighs in them what its share is. That may be a fifth
    off the even one, 1/12: between 1/15 and 1/10, so that none decides a figure. As even as can be would be
    too narrow: a category that has its most could take no line until every other had as many. With a fifth
    each category of our files can take one, and in test three (17 of 200 may be 20). Where a fifth is less
    than one pair, the even share rounded to either side still holds.
    """
    even = count / len(CATEGORIES)
    return min(int(even), -(-count // 15)), max(math.ceil(even), count // 10)
