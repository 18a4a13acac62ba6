"""The benchmark's files: reading them, telling what breaks the specification, tables and samples of them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.benchmark.rules import CATEGORIES, RELATIONS, pair_faults
from negjudge.benchmark.sets import Entry, set_faults
from negjudge.data.nested import from_dict
from negjudge.data.records import Pair
from negjudge.data.splits import STRATA, STRICT, Splits
from negjudge.errors import NegjudgeError

PARTS = ("dev", "test")
FIELDS = tuple(
    """id prompt negative object element essential category relation why object_question element_question
    absence_question keep keep_questions""".split()
)


@dataclass(frozen=True)
class Checked:
    """The pairs of a benchmark, and what is wrong with it, one line each, in the order of the files."""

    entries: tuple[Entry, ...]
    violations: tuple[str, ...]

    @property
    def pairs(self) -> list[Pair]:
        """All pairs that could be read."""
        return [entry.pair for entry in self.entries]

    @property
    def sizes(self) -> str:
        """How many pairs each file has, the largest first: "200 + 60"."""
        counts = Counter(entry.part for entry in self.entries)
        return " + ".join(str(size) for size in sorted(counts.values())[::-1]) or "0"


def check(path: str | Path) -> Checked:
    """Check a folder with dev.jsonl and test.jsonl, or one file, against every rule that a program can check.

    How evenly categories and relations are spread, and what dev and test may not share, is checked of a
    folder alone. Raises NegjudgeError where there is nothing to read.
    """
    entries: list[Entry] = []
    faults: list[tuple[tuple[str, int], str]] = []
    for file in benchmark_files(path):
        for number, line in enumerate(_lines(file), start=1):
            try:
                entry = Entry(str(file), number, file.stem, _pair(line))
            except NegjudgeError as error:
                faults.append(((str(file), number), f"{file}:{number}: {_id(line)}: {error}"))
                continue
            entries.append(entry)
            faults += [((str(file), number), entry.says(fault)) for fault in pair_faults(entry.pair)]
    faults += [((e.file, e.line), e.says(fault)) for e, fault in set_faults(entries, Path(path).is_dir())]
    return Checked(tuple(entries), tuple(line for _, line in sorted(faults, key=lambda fault: fault[0])))


def benchmark_files(path: str | Path) -> list[Path]:
    """Return the files of a benchmark; NegjudgeError where one is missing."""
    path = Path(path)
    files = [path / f"{part}.jsonl" for part in PARTS] if path.is_dir() else [path]
    for file in files:
        if not file.is_file():
            raise NegjudgeError(
                f"{file} is missing; expected a folder with dev.jsonl and test.jsonl, or a file"
            )
    return files


def _lines(file: Path) -> list[bytes]:
    content = file.read_bytes()
    if not content.strip():
        raise NegjudgeError(f"{file} is empty; expected one pair a line")
    return content.removesuffix(b"\n").split(b"\n")


def _pair(line: bytes) -> Pair:
    """Read a line with all of a benchmark's fields; NegjudgeError says what is wrong, without the place."""
    try:
        values = json.loads(line)
    except ValueError:
        raise NegjudgeError("not valid JSON; write one object a line, and no empty lines") from None
    if not isinstance(values, dict):
        raise NegjudgeError(f"expected a JSON object, got {type(values).__name__}")
    missing = [name for name in FIELDS if name not in values]
    if missing:
        raise NegjudgeError(f"no {', '.join(missing)}; give every field of the specification")
    unknown = [name for name in values if name not in FIELDS]
    if unknown:
        raise NegjudgeError(f"unknown field {', '.join(unknown)}; leave it out")
    return from_dict(values, Pair, "the pair")


def _id(line: bytes) -> str:
    try:
        values: Any = json.loads(line)
        return str(values["id"])
    except (ValueError, TypeError, KeyError):
        return "?"


def table(pairs: Iterable[Pair]) -> str:
    """Return how many pairs each category has of each relation, with totals, as lines of text."""
    counted = Counter((pair.category, pair.relation) for pair in pairs)
    categories = [*CATEGORIES, *sorted({c for c, _ in counted} - set(CATEGORIES))]
    relations = [*RELATIONS, *sorted({r for _, r in counted} - set(RELATIONS))]
    numbers = [(c, [counted[c, r] for r in relations]) for c in categories]
    numbers.append(("all", [sum(counted[c, r] for c in categories) for r in relations]))
    rows = [("", *relations, "all"), *((name, *row, sum(row)) for name, row in numbers)]
    return "\n".join(f"{row[0]:<12}" + "".join(f"{cell:>11}" for cell in row[1:]) for row in rows)


def sample(pairs: Sequence[Pair], n: int, seed: int = 0) -> str:
    """Return ``n`` pairs drawn at random, or all where there are fewer, for a person to read."""
    drawn = random.Random(seed).sample(list(pairs), min(n, len(pairs)))
    return "\n\n".join(map(_readable, drawn))


def _readable(pair: Pair) -> str:
    asked = " ".join((pair.object_question, pair.element_question, pair.absence_question))
    return "\n".join(
        (
            f"{pair.id}  ({pair.category}, {pair.relation})",
            f"  {pair.prompt!r} without {pair.negative!r}",
            f"  {asked}",
            f"  Must stay: {', '.join(pair.keep)}. {' '.join(pair.keep_questions)}",
            f"  {pair.why}",
        )
    )


def benchmark_splits(dev: Sequence[Pair], test: Sequence[Pair], seed: int = 0) -> Splits:
    """Return the splits of a benchmark: methods are tuned and judges trained on dev, both tested on test.

    A third of the dev pairs validates the judge, drawn at random, all pairs of an object together. Every test
    pair is new to the judge in object and element, so the other strata are empty.
    """
    objects = sorted({pair.object for pair in dev})
    random.Random(seed).shuffle(objects)
    validation: list[str] = []
    for name in objects:
        if 3 * len(validation) < len(dev):
            validation += [pair.id for pair in dev if pair.object == name]
    judge = dict.fromkeys(("train", "validation", *STRATA, STRICT), ())
    return Splits(
        methods={"dev": tuple(p.id for p in dev), "test": tuple(p.id for p in test)},
        judge={
            **judge,
            "train": tuple(p.id for p in dev if p.id not in validation),
            "validation": tuple(p.id for p in dev if p.id in validation),
            "both_new": tuple(p.id for p in test),
        },
        strict={"objects": (), "elements": ()},
    )
