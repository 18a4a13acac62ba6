"""Three simulated annotators: the oracle's reading with human-like errors, some of them shared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from minilab.oracle import Reading, read_files
from negjudge.data.questions import part_question
from negjudge.data.records import Answer, Question, Sample, Vote

ANNOTATORS = ("annotator-1", "annotator-2", "annotator-3")

# A plain picture is misread about once in sixty times, one that two renders fit alike about once in three.
EASY_ERROR, HARD_ERROR = 0.015, 0.35
# Annotators err together where a picture misleads them: their errors are correlated through a shared draw.
SHARED = 0.5
UNSURE_ABOVE = 0.85  # doubt beyond which an annotator may say "unsure"
UNSURE_RATE = 0.3
# From clean renders (residual near 0) to pictures that no render resembles.
RESIDUAL_OF_RATING_1 = 0.18


def vote(
    samples: Sequence[Sample],
    images: Sequence[Path],
    seed: int,
    parts: Mapping[str, Sequence[str]] | None = None,
) -> list[Vote]:
    """Return the votes of three annotators on every sample, always the same for a sample and a seed.

    ``parts`` are those of each sample, by its id, that are asked about besides object and element.
    """
    readings = read_files(images)
    return [
        Vote(sample.id, annotator, "simulated", question, answer)
        for sample, reading in zip(samples, readings, strict=True)
        for annotator, answers in zip(
            ANNOTATORS, answers_of(sample, reading, seed, (parts or {}).get(sample.id, ())), strict=True
        )
        for question, answer in answers
    ]


def answers_of(
    sample: Sample, reading: Reading, seed: int, parts: Sequence[str] = ()
) -> list[list[tuple[Question, Answer]]]:
    """Return what each annotator answers about one picture: object, element, quality, then the parts."""
    rng = _rng(f"{seed}:{sample.id}")
    columns: list[list[tuple[Question, Answer]]] = [[] for _ in ANNOTATORS]
    _answer(columns, rng, "object", reading.object == sample.object, reading.object_doubt)
    _answer_part(columns, rng, "element", sample.element, reading)
    taste = rng.normal(0, 0.5, len(ANNOTATORS))
    rating = 5 - 4 * min(1.0, reading.residual / RESIDUAL_OF_RATING_1)
    for column, offset in zip(columns, taste, strict=True):
        column.append(("quality", str(round(float(np.clip(rating + offset, 1, 5))))))  # type: ignore[arg-type]
    for part in parts:  # each by draws of its own: no answer depends on what else is asked
        _answer_part(columns, _rng(f"{seed}:{sample.id}:{part}"), part_question(part), part, reading)
    return columns


def _rng(key: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))


def _answer_part(
    columns: Sequence[list[tuple[Question, Answer]]],
    rng: np.random.Generator,
    question: Question,
    part: str,
    reading: Reading,
) -> None:
    _answer(columns, rng, question, part in reading.parts, reading.part_doubts.get(part, 0.0))


def _answer(
    columns: Sequence[list[tuple[Question, Answer]]],
    rng: np.random.Generator,
    question: Question,
    truth: bool,
    doubt: float,
) -> None:
    """Add each annotator's answer to one question to that annotator's column."""
    wrong = _errors(rng, doubt)
    unsure = rng.random(len(ANNOTATORS)) < UNSURE_RATE * (doubt > UNSURE_ABOVE)
    for column, is_wrong, is_unsure in zip(columns, wrong, unsure, strict=True):
        column.append((question, "unsure" if is_unsure else "yes" if truth != is_wrong else "no"))


def _errors(rng: np.random.Generator, doubt: float) -> np.ndarray:
    """Return which annotators err: a Gaussian copula whose common part makes errors coincide."""
    rate = EASY_ERROR + (HARD_ERROR - EASY_ERROR) * float(expit((doubt - 0.85) * 12))
    common, own = rng.normal(), rng.normal(size=len(ANNOTATORS))
    draws = np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own
    errs: np.ndarray = norm.cdf(draws) < rate
    return errs
