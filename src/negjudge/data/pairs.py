"""The pairs of a benchmark or a world: read, and chosen by split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from negjudge.data.records import Pair, read_records
from negjudge.data.splits import Splits
from negjudge.errors import NegjudgeError


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
