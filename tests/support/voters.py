"""Simulated annotators for the tests: what they answer follows from the sample's id alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from negjudge.data.records import Sample, Vote

ANNOTATORS = ("annotator-1", "annotator-2", "annotator-3")


def vote(samples: Sequence[Sample], images: Sequence[Path], seed: int) -> list[Vote]:
    """Return three answers of three annotators on every picture, mostly right."""
    assert all(image.is_file() for image in images)
    return [one for sample in samples for name in ANNOTATORS for one in _votes(sample, name, seed)]


def _votes(sample: Sample, name: str, seed: int) -> list[Vote]:
    truth, rng = random.Random(sample.id), random.Random(f"{seed} {sample.id} {name}")
    answers = {
        question: truth.choice(["yes", "no"]) if rng.random() < 0.8 else rng.choice(["yes", "no", "unsure"])
        for question in ("object", "element")
    }
    answers["quality"] = str(min(5, max(1, truth.randint(1, 5) + rng.choice([-1, 0, 0, 1]))))
    return [Vote(sample.id, name, "simulated", q, a) for q, a in answers.items()]  # type: ignore[arg-type]


def one_annotator(samples: Sequence[Sample], images: Sequence[Path], seed: int) -> list[Vote]:
    """Leave out two of the annotators."""
    return [one for one in vote(samples, images, seed) if one.annotator == "annotator-1"]
