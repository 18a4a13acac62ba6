"""Which pairs tune methods, report them, train the judge and test it: reading, checking, choosing."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from negjudge.data.records import Pair
from negjudge.errors import NegjudgeError

STRATA = ("seen", "new_object", "new_element", "both_new")
STRICT = "strict"
GROUPS = {
    "methods": ("dev", "test"),
    "judge": ("train", "validation", *STRATA, STRICT),
    STRICT: ("objects", "elements"),
}
MINIMUM_PAIRS = 12


@dataclass(frozen=True)
class Splits:
    """Pair ids by purpose.

    ``judge`` parts every pair of a world: "new" objects and elements are neither asked about nor visible in
    the fine-tuning pictures, so a picture of a train or validation pair that shows a held-out element is to
    be left out of the fine-tuning. That is the rule "dropped". By the weaker rule "masked" such a picture
    stays, and a "new" element is one that no question of the fine-tuning names, though its pictures may show
    it; a "new" object is not visible by either rule. A judge's record says which of them held.

    Words in ``strict`` are unknown to the base judge too; their pairs make a group of their own, so that the
    four strata measure fine-tuning alone.
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
