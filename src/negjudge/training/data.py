"""From labelled samples to rows of questions: soft answers from the votes, nothing held out in sight."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.data.questions import NO, RATINGS, YES
from negjudge.data.records import Label, Pair, Sample, read_records
from negjudge.data.runs import LABELS, SAMPLES
from negjudge.data.splits import Splits
from negjudge.errors import NegjudgeError
from negjudge.judge.prompts import ANSWERS, clean_noun, messages, questions_about

Target = tuple[float, ...]  # probabilities of judge_prompts.ANSWERS
Shown = Mapping[str, Collection[str]]  # sample id to the objects and elements that its picture shows
GROUPS = ("train", "validation")


@dataclass(frozen=True)
class Labelled:
    """A sample with what people said of it; ``None`` where nobody decided.

    ``object`` and ``element`` are the shares of "present", ``quality`` the shares of the ratings 1 to 5;
    ``nouns`` are the object and the element as people were asked about them.
    """

    sample: Sample
    object: float | None
    element: float | None
    quality: tuple[float, ...] | None
    nouns: tuple[str, str]


@dataclass(frozen=True)
class Material:
    """The pictures a judge is trained on and validated on, and how many were left out for what they show."""

    train: tuple[Labelled, ...]
    validation: tuple[Labelled, ...]
    left_out: int


@dataclass(frozen=True)
class Row:
    """One question about one picture, and the answers' probabilities."""

    image: str
    question: str
    target: Target


def read_labelled(run: Path, pairs: Mapping[str, Pair]) -> list[Labelled]:
    """Join the samples and labels of a run folder; NegjudgeError names the stage that has not been run.

    ``pairs`` are by id; the pictures of others are left out.
    """
    samples, labels = read_records(run / SAMPLES, Sample), read_records(run / LABELS, Label)
    if not samples:
        raise NegjudgeError(f"{run / SAMPLES} has no samples; run `make generate` first")
    if not labels:
        raise NegjudgeError(f"{run / LABELS} has no labels; run `make label` first")
    by_sample: dict[str, dict[str, Label]] = {}
    for label in labels:
        by_sample.setdefault(label.sample, {})[label.question] = label
    # By id: pictures come in the order in which they were made, and the same set makes the same judge.
    ordered = sorted(samples, key=lambda sample: sample.id)
    return [
        _labelled(sample, by_sample[sample.id], pairs[sample.pair].asked)
        for sample in ordered
        if sample.id in by_sample and sample.pair in pairs
    ]


def _labelled(sample: Sample, labels: Mapping[str, Label], nouns: tuple[str, str]) -> Labelled:
    share = {
        question: labels[question].probability for question in ("object", "element") if question in labels
    }
    counts = labels["quality"].counts if "quality" in labels else {}
    ratings = [counts.get(rating, 0) for rating in RATINGS]
    quality = tuple(count / sum(ratings) for count in ratings) if sum(ratings) else None
    return Labelled(sample, share.get("object"), share.get("element"), quality, nouns)


def of_judge(labelled: Sequence[Labelled], splits: Splits) -> list[Labelled]:
    """Return the pictures of the pairs in the splits' judge train and validation groups."""
    return [one for one in labelled if splits.stratum(one.sample.pair) in GROUPS]


def held_out(splits: Splits, pairs: Mapping[str, Pair]) -> frozenset[str]:
    """Return the objects and elements that fine-tuning neither asks about nor shows."""
    new = [*splits.judge["new_object"], *splits.judge["both_new"]]
    objects = {pairs[i].object for i in new} | set(splits.strict["objects"])
    return frozenset(objects) | splits.held_out_elements(pairs)


def choose(labelled: Sequence[Labelled], splits: Splits, hidden: Collection[str], shown: Shown) -> Material:
    """Part the pictures into train and validation, leaving out those that show something hidden.

    ``shown`` lists what each picture shows besides what it is asked about. Raises NegjudgeError when a group
    stays empty or the splits train on a pair that they hold out.
    """
    groups: dict[str, list[Labelled]] = {name: [] for name in GROUPS}
    left_out = 0
    for one in of_judge(labelled, splits):
        asked = {one.sample.object, one.sample.element}.intersection(hidden)
        if asked:
            raise NegjudgeError(f"the splits train on {one.sample.pair} and hold out {min(asked)}; mend them")
        if set(hidden).intersection(shown.get(one.sample.id, ())):
            left_out += 1
        else:
            groups[splits.stratum(one.sample.pair) or ""].append(one)
    for name, chosen in groups.items():
        if not chosen:
            raise NegjudgeError(f"no labelled picture is left of the pairs in the splits' judge {name}")
    return Material(tuple(groups["train"]), tuple(groups["validation"]), left_out)


def rows(
    labelled: Sequence[Labelled], run: Path, tokenizer: Any, absent_objects: int, seed: int
) -> list[Row]:
    """Return a row for each question that somebody decided: object and element both ways, and quality.

    ``absent_objects`` further objects a picture are asked about, both ways, where its own is there, and
    answered with no: right only where pictures show one object. Without them "object" would nearly always
    mean yes.
    """
    objects = sorted({one.nouns[0] for one in labelled})
    return [
        Row(str(run / one.sample.image), question, target)
        for one in labelled
        for question, target in (
            *_own(one, tokenizer),
            *_absent_objects(
                one, objects, tokenizer, random.Random(f"{seed}/{one.sample.id}"), absent_objects
            ),
        )
    ]


def _own(one: Labelled, tokenizer: Any) -> Iterator[tuple[str, Target]]:
    nouns = (
        clean_noun(tokenizer, noun, what) for noun, what in zip(one.nouns, ("object", "element"), strict=True)
    )
    targets = [*_both_ways(one.object), *_both_ways(one.element), _rated(one.quality)]
    for question, target in zip(questions_about(*nouns), targets, strict=True):
        if target is not None:
            yield question, target


def _absent_objects(
    one: Labelled, objects: Sequence[str], tokenizer: Any, rng: random.Random, count: int
) -> Iterator[tuple[str, Target]]:
    others = [name for name in objects if name != one.nouns[0]]
    if (one.object or 0) <= 0.5:
        return
    for name in rng.sample(others, min(count, len(others))):
        noun = clean_noun(tokenizer, name, "object")
        for question, target in zip(questions_about(noun, noun)[:2], _both_ways(0.0), strict=True):
            assert target is not None
            yield question, target


def _both_ways(present: float | None) -> tuple[Target | None, Target | None]:
    if present is None:
        return None, None
    return _target({YES: present, NO: 1 - present}), _target({YES: 1 - present, NO: present})


def _rated(shares: tuple[float, ...] | None) -> Target | None:
    return None if shares is None else _target(dict(zip(RATINGS, shares, strict=True)))


def _target(probabilities: Mapping[str, float]) -> Target:
    return tuple(probabilities.get(answer, 0.0) for answer in ANSWERS)


def to_dataset(found: Sequence[Row]) -> Any:
    """Return a ``datasets.Dataset`` with the columns prompt, completion, images and target.

    The completion is the likeliest answer; the loss is taken against ``target``, the answers' probabilities.
    """
    from datasets import Dataset, Features, Image, List, Value

    talk = List({"role": Value("string"), "content": Value("string")})
    features = Features(
        {"prompt": talk, "completion": talk, "images": List(Image()), "target": List(Value("float32"))}
    )
    likeliest = [ANSWERS[row.target.index(max(row.target))] for row in found]
    columns: dict[str, list[Any]] = {
        "prompt": [messages(row.question) for row in found],
        "completion": [[{"role": "assistant", "content": answer}] for answer in likeliest],
        "images": [[row.image] for row in found],
        "target": [list(row.target) for row in found],
    }
    return Dataset.from_dict(columns, features=features)
