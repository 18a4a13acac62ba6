"""The true answers to a judge's questions, by the oracle and by labels, and where nobody knows them."""

from __future__ import annotations

from pathlib import Path

import pytest
import recorded

from negjudge.data.records import Answer, Label, Question
from negjudge.data.splits import Splits
from negjudge.evaluation.evidence.asks import Ask
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.judges.questions import Topic, Truth, items, labels_of, true_answer, truths
from negjudge.oracle.readings import SampleReading

SAMPLE = recorded.sample("car-wheels")
ASK = Ask(SAMPLE, "other", Path("x.png"), "bus")


def evidence_of(reading: tuple[str | None, tuple[str, ...]] | None = None, **labels: Answer) -> Evidence:
    """What is known of one picture: the object and parts that the oracle saw, and labels by question."""
    said = {} if reading is None else {SAMPLE.id: SampleReading(SAMPLE.id, *reading, 0.0, 0.0, "", "")}
    found: dict[tuple[str, Question], Label] = {
        (SAMPLE.id, question): Label(SAMPLE.id, question, answer, None, {}, "people")  # type: ignore[misc, arg-type]
        for question, answer in labels.items()
    }
    splits = Splits({"dev": (), "test": ()}, {}, {"objects": (), "elements": ()})
    asked = {(SAMPLE.id, "other"): ASK}
    return Evidence(Path("run"), {}, splits, [SAMPLE], readings=said, labels=found, asked=asked)


@pytest.mark.parametrize(
    ("reading", "object_", "element", "success"),
    [
        (("car", ("wheels", "door")), True, True, False),
        (("car", ("door",)), True, False, True),
        (("bus", ("wheels",)), False, True, False),
        (("bus", ()), False, False, False),
        (
            (None, ()),
            False,
            None,
            False,
        ),  # unreadable: nothing is known of the element
        (None, None, None, None),
    ],
)
def test_by_the_oracle(
    reading: tuple[str | None, tuple[str, ...]] | None,
    object_: bool | None,
    element: bool | None,
    success: bool | None,
) -> None:
    evidence = evidence_of(reading)
    found = [true_answer(evidence, SAMPLE, topic, "oracle") for topic in ("object", "element", "success")]
    assert found == [object_, element, success]


@pytest.mark.parametrize(
    ("labels", "object_", "element", "success"),
    [
        ({"object": "yes", "element": "no"}, True, False, True),
        ({"object": "yes", "element": "yes"}, True, True, False),
        (
            {"object": "no", "element": "tie"},
            False,
            None,
            False,
        ),  # a lost object is no success
        ({"object": "yes", "element": "tie"}, True, None, None),
        ({"object": "unsure", "element": "no"}, None, False, None),
        ({"element": "no"}, None, False, None),
    ],
)
def test_by_labels(
    labels: dict[str, Answer], object_: bool | None, element: bool | None, success: bool | None
) -> None:
    evidence = evidence_of(**labels)
    found = [true_answer(evidence, SAMPLE, topic, "labels") for topic in ("object", "element", "success")]
    assert found == [object_, element, success]


@pytest.mark.parametrize(
    ("evidence", "truth", "answers"),
    [
        (evidence_of(("car", ())), "oracle", [("plain", "car", True), ("other", "bus", False)]),
        (evidence_of(("bus", ())), "oracle", [("plain", "car", False), ("other", "bus", True)]),
        (evidence_of(object="yes"), "labels", [("plain", "car", True), ("other", "bus", False)]),
        # People who say that there is no car were not asked what else there is.
        (evidence_of(object="no"), "labels", [("plain", "car", False)]),
        (evidence_of(), "labels", []),
    ],
)
def test_about_objects_another_one_is_asked_for_too(
    evidence: Evidence, truth: Truth, answers: list[tuple[str, str, bool]]
) -> None:
    found = items(evidence, [SAMPLE], "object", truth)
    assert [(one.view, one.object, one.label) for one in found] == answers
    assert labels_of(found).tolist() == [float(label) for *_, label in answers]


@pytest.mark.parametrize("topic", ["element", "success"])
def test_other_topics_are_asked_about_once(topic: Topic) -> None:
    found = items(evidence_of(("car", ())), [SAMPLE], topic, "oracle")
    assert [(one.view, one.label) for one in found] == [("plain", topic == "success")]
    assert items(evidence_of((None, ())), [SAMPLE], "element", "oracle") == []


def test_who_can_tell() -> None:
    assert truths(evidence_of(("car", ()), object="yes")) == ["oracle", "labels"]
    assert truths(evidence_of(object="yes")) == ["labels"]
    assert truths(evidence_of()) == []
