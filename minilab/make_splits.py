"""Writes the pairs and splits of the mini lab, always the same: ``python -m minilab.make_splits``."""

from __future__ import annotations

import sys
from pathlib import Path

from minilab.splits import make_splits
from minilab.world import OBJECTS
from negjudge.data.durable import write_atomically
from negjudge.data.questions import with_article
from negjudge.data.records import Pair, write_records
from negjudge.data.splits import Splits, splits_json
from negjudge.errors import command

FOLDER = Path("data/mini")
SEED = 0


def world() -> dict[str, dict[str, bool]]:
    """Return object to part to whether it is essential."""
    return {
        name: {part: spec.essential for part, spec in thing.parts.items()} for name, thing in OBJECTS.items()
    }


def pairs() -> list[Pair]:
    """Return every object of the world with every part of it."""
    return [
        Pair(
            id=f"{name}-{part}",
            object=name,
            element=part,
            prompt=with_article(name),
            negative=part,
            essential=spec.essential,
            others=tuple(other for other in thing.parts if other != part),
        )
        for name, thing in OBJECTS.items()
        for part, spec in thing.parts.items()
    ]


def summary(splits: Splits) -> str:
    """Return one line of how many pairs each group has."""
    groups = [("methods", splits.methods), ("judge", splits.judge)]
    return "; ".join(
        f"{name}: " + ", ".join(f"{g} {len(ids)}" for g, ids in parts.items()) for name, parts in groups
    )


@command
def main() -> None:
    """Write data/mini/pairs.jsonl and data/mini/splits.json."""
    everything = pairs()
    splits = make_splits(world(), everything, seed=SEED)
    write_records(FOLDER / "pairs.jsonl", everything)
    write_atomically(FOLDER / "splits.json", splits_json(splits))
    print(f"{len(everything)} pairs and their splits in {FOLDER}; {summary(splits)}")


if __name__ == "__main__":
    sys.exit(main())
