"""From labelled samples to rows of questions: soft answers from the votes, nothing held out in sight."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from negjudge.data.questions import NO, RATINGS, YES, part_of
from negjudge.data.records import Label, Pair, Sample, read_records
from negjudge.data.runs import LABELS, SAMPLES
from negjudge.data.splits import Splits
from negjudge.errors import NegjudgeError
from negjudge.judge.prompts import ANSWERS, clean_noun, messages, questions_about
from negjudge.training.recipe import Asked

Target = tuple[float, ...]  # probabilities of judge_prompts.ANSWERS
Shown = Mapping[str, Collection[str]]  # sample id to the objects and elements that its picture shows
GROUPS = ("train", "validation")


@dataclass(frozen=True)
class Part:
    """A part that should stay: its name, the noun that it is asked about by, and the share of "present"."""

    name: str
    noun: str
    present: float


@dataclass(frozen=True)
class Labelled:
    """A sample with what people said of it; ``None`` where nobody decided.

    ``object`` and ``element`` are the shares of "present", ``quality`` the shares of the ratings 1 to 5;
    ``nouns`` are the object and the element as people were asked about them. ``parts`` are the further ones
    that somebody decided.
    """

    sample: Sample
    object: float | None
    element: float | None
    quality: tuple[float, ...] | None
    nouns: tuple[str, str]
    parts: tuple[Part, ...] = ()

    @property
    def visible(self) -> set[str]:
        """The further parts that people see in the picture."""
        return {part.name for part in self.parts if part.present >= 0.5}


Allowed = Callable[[Labelled, Part], bool]


@dataclass(frozen=True)
class Material:
    """The pictures a judge is trained on and validated on, and how many were left out for what they show.

    ``masked`` are those among the former that show a held-out element, which nothing is asked about.
    """

    train: tuple[Labelled, ...]
    validation: tuple[Labelled, ...]
    left_out: int
    masked: int = 0


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
        _labelled(sample, by_sample[sample.id], pairs[sample.pair])
        for sample in ordered
        if sample.id in by_sample and sample.pair in pairs
    ]


def _labelled(sample: Sample, labels: Mapping[str, Label], pair: Pair) -> Labelled:
    share = {
        question: labels[question].probability for question in ("object", "element") if question in labels
    }
    counts = labels["quality"].counts if "quality" in labels else {}
    ratings = [counts.get(rating, 0) for rating in RATINGS]
    quality = tuple(count / sum(ratings) for count in ratings) if sum(ratings) else None
    parts = tuple(_parts(labels, pair))
    return Labelled(sample, share.get("object"), share.get("element"), quality, pair.asked, parts)


def _parts(labels: Mapping[str, Label], pair: Pair) -> Iterator[Part]:
    for question in sorted(labels):
        part, present = part_of(question), labels[question].probability
        if part is not None and present is not None:
            yield Part(part, pair.parts_asked.get(part, part), present)


def of_judge(labelled: Sequence[Labelled], splits: Splits) -> list[Labelled]:
    """Return the pictures of the pairs in the splits' judge train and validation groups."""
    return [one for one in labelled if splits.stratum(one.sample.pair) in GROUPS]


def held_out(splits: Splits, pairs: Mapping[str, Pair]) -> frozenset[str]:
    """Return the objects and elements that fine-tuning neither asks about nor shows."""
    new = [*splits.judge["new_object"], *splits.judge["both_new"]]
    objects = {pairs[i].object for i in new} | set(splits.strict["objects"])
    return frozenset(objects) | splits.held_out_elements(pairs)


def held_out_objects(splits: Splits, pairs: Mapping[str, Pair]) -> frozenset[str]:
    """Return the objects among those of ``held_out``."""
    new = [*splits.judge["new_object"], *splits.judge["both_new"]]
    return frozenset(pairs[i].object for i in new) | frozenset(splits.strict["objects"])


def allowed_parts(asked: Asked, splits: Splits, pairs: Mapping[str, Pair]) -> Allowed:
    """Return which further parts a picture may be asked about; see ``TrainRecipe.ask``.

    Never one whose name or noun is held out. "untested" also keeps a question, that is an object and a part,
    to the group of its own pair, where there is such a pair: what is tested was then never asked.
    """
    hidden, tested = held_out(splits, pairs), set(splits.methods["test"])
    own = {(pair.object, pair.element): pair.id for pair in pairs.values()}

    def allowed(one: Labelled, part: Part) -> bool:
        if asked == "element" or not hidden.isdisjoint((part.name, part.noun)):
            return False
        pair = own.get((one.sample.object, part.name))
        if asked == "every" or pair is None:
            return True
        return pair not in tested and splits.stratum(pair) in (None, splits.stratum(one.sample.pair))

    return allowed


def choose(
    labelled: Sequence[Labelled],
    splits: Splits,
    hidden: Collection[str],
    shown: Shown,
    allowed: Allowed | None = None,
    may_show: Collection[str] = (),
) -> Material:
    """Part the pictures into train and validation, leaving out those that show something hidden.

    ``shown`` lists what each picture shows besides what it is asked about, to which the parts that people see
    in it are added. What is in ``may_show``, though hidden, is no reason to leave a picture out. Of the
    further parts the ``allowed`` ones stay, none by default. Raises NegjudgeError when a group stays empty or
    the splits train on a pair that they hold out.
    """
    groups: dict[str, list[Labelled]] = {name: [] for name in GROUPS}
    left_out = masked = 0
    for one in of_judge(labelled, splits):
        asked = {one.sample.object, one.sample.element}.intersection(hidden)
        if asked:
            raise NegjudgeError(f"the splits train on {one.sample.pair} and hold out {min(asked)}; mend them")
        seen = one.visible.union(shown.get(one.sample.id, ())).intersection(hidden)
        if seen.difference(may_show):
            left_out += 1
            continue
        masked += bool(seen)
        parts = tuple(part for part in one.parts if allowed is not None and allowed(one, part))
        groups[splits.stratum(one.sample.pair) or ""].append(replace(one, parts=parts))
    for name, chosen in groups.items():
        if not chosen:
            raise NegjudgeError(f"no labelled picture is left of the pairs in the splits' judge {name}")
    return Material(tuple(groups["train"]), tuple(groups["validation"]), left_out, masked)


def apart(labelled: Sequence[Labelled]) -> list[Labelled]:
    """Return each picture with its element, and once more for each further part, as if that were its element.

    A judge that is asked about one element at a time is so asked about all parts.
    """
    return [
        each
        for one in labelled
        for each in (
            replace(one, parts=()),
            *(
                replace(
                    one, object=None, element=p.present, quality=None, nouns=(one.nouns[0], p.noun), parts=()
                )
                for p in one.parts
            ),
        )
    ]


def rows(
    labelled: Sequence[Labelled], run: Path, tokenizer: Any, absent_objects: int, seed: int
) -> list[Row]:
    """Return a row for each question that somebody decided: object, element and parts both ways, and quality.

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
    for part in one.parts:
        yield from _about(clean_noun(tokenizer, part.noun, "part"), part.present)


def _absent_objects(
    one: Labelled, objects: Sequence[str], tokenizer: Any, rng: random.Random, count: int
) -> Iterator[tuple[str, Target]]:
    others = [name for name in objects if name != one.nouns[0]]
    if (one.object or 0) <= 0.5:
        return
    for name in rng.sample(others, min(count, len(others))):
        yield from _about(clean_noun(tokenizer, name, "object"), 0.0)


def _about(noun: str, present: float) -> Iterator[tuple[str, Target]]:
    for question, target in zip(questions_about(noun, noun)[:2], _both_ways(present), strict=True):
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
