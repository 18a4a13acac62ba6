"""The questions on which judges are tested, and their true answers by the oracle or by labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from negjudge.data.records import Sample
from negjudge.evaluation.evidence.asks import View
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.statistics.clusters import Floats

Topic = Literal["element", "object", "success"]
Truth = Literal["oracle", "labels"]
TOPICS: tuple[Topic, ...] = ("element", "object", "success")


@dataclass(frozen=True)
class Item:
    """A question about a sample's picture and its true answer; ``object`` is what is asked about."""

    sample: Sample
    view: View
    object: str
    label: bool


def truths(evidence: Evidence) -> list[Truth]:
    """Return who can tell the truth about this run."""
    return [*(["oracle"] if evidence.readings else []), *(["labels"] if evidence.labels else [])]  # type: ignore[list-item]


def items(evidence: Evidence, samples: Iterable[Sample], topic: Topic, truth: Truth) -> list[Item]:
    """Return the questions on a topic about samples, those whose answer is known.

    About objects a sample is asked twice, about its own and about another one: the own object is nearly
    always there, and a judge that always says yes would pass.
    """
    found = []
    for sample in samples:
        label = true_answer(evidence, sample, topic, truth)
        if label is not None:
            found.append(Item(sample, "plain", sample.object, label))
        if topic == "object":
            found += _about_another(evidence, sample, truth)
    return found


def _about_another(evidence: Evidence, sample: Sample, truth: Truth) -> list[Item]:
    ask = evidence.asked.get((sample.id, "other"))
    if ask is None:
        return []
    if truth == "oracle":
        reading = evidence.readings.get(sample.id)
        return [] if reading is None else [Item(sample, "other", ask.object, reading.object == ask.object)]
    # Annotators were asked about the sample's own object alone; where that is there, another one is not.
    own = true_answer(evidence, sample, "object", truth)
    return [Item(sample, "other", ask.object, False)] if own else []


def true_answer(evidence: Evidence, sample: Sample, topic: Topic, truth: Truth) -> bool | None:
    """Return whether "yes" is the answer about a sample, or ``None`` where nobody knows.

    In a picture that the oracle cannot read the object is not there; of the element it knows nothing.
    """
    if topic == "success":
        kept, present = (true_answer(evidence, sample, part, truth) for part in ("object", "element"))
        return None if kept is None or (kept and present is None) else kept and not present
    if truth == "labels":
        label = evidence.labels.get((sample.id, topic))
        return label.answer == "yes" if label and label.answer in ("yes", "no") else None
    reading = evidence.readings.get(sample.id)
    if reading is None:
        return None
    if topic == "object":
        return reading.object == sample.object
    return None if reading.object is None else sample.element in reading.parts


def labels_of(found: Sequence[Item]) -> Floats:
    """Return the true answers (items,) as 0 and 1."""
    return np.array([item.label for item in found], dtype=np.float64)
