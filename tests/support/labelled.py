"""A run folder with labelled renders of the mini lab's pairs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from minilab.render import render
from negjudge.data.pairs import read_pairs
from negjudge.data.records import Label, Pair, Sample, sample_id, write_records
from negjudge.data.splits import read_splits

PAIRS, SPLITS = "data/mini/pairs.jsonl", "data/mini/splits.json"


def make_run(folder: Path) -> Path:
    """Fill a run folder: eight pictures to train on and four to validate on, each with three questions."""
    (folder / "images").mkdir(parents=True)
    pairs, splits = read_pairs(PAIRS), read_splits(SPLITS)
    asked = [pairs[i] for i in (*splits.judge["train"][:4], *splits.judge["validation"][:2])]
    samples = [_sample(folder, pair, there) for pair in asked for there in (True, False)]
    write_records(folder / "samples.jsonl", samples)
    write_records(folder / "labels.jsonl", [label for sample in samples for label in _labels(sample)])
    return folder


def _sample(folder: Path, pair: Pair, there: bool) -> Sample:
    identity = sample_id(pair=pair.id, there=there)
    path = folder / "images" / f"{identity}.png"
    render(pair.object, [pair.element] if there else [], seed=int(there)).save(path)
    return Sample(
        id=identity,
        pair=pair.id,
        object=pair.object,
        element=pair.element,
        prompt=pair.prompt,
        negative=pair.negative,
        method="none",
        params={},
        seed=int(there),
        image=f"images/{identity}.png",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        model="renderer",
        revision="0",
        steps=1,
        width=64,
        height=64,
        device="cpu",
        dtype="float32",
    )


def _labels(sample: Sample) -> list[Label]:
    yes = 2 if sample.seed else 0
    return [
        Label(sample.id, "object", "yes", 1.0, {"yes": 3}, "simulated"),
        Label(
            sample.id, "element", "yes" if yes else "no", yes / 3, {"yes": yes, "no": 3 - yes}, "simulated"
        ),
        Label(sample.id, "quality", "4", 14 / 3, {"5": 2, "4": 1}, "simulated"),
    ]
