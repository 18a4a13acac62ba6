"""The page that an annotator sees, and the way from its answers to votes and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from negjudge.data.questions import QUALITY_QUESTION, RATINGS, presence_question, with_article
from negjudge.data.records import Answer, Pair, Question, Sample, Vote

PICTURES = "pictures"  # folder of the served pictures, below the root that the server may serve from
_IMAGE = "image"

# Answer to key. Three rows of the left hand: top row the object, home row the element, digits the rating.
KEYS: dict[Question, dict[Answer, str]] = {
    "object": {"yes": "q", "no": "w", "unsure": "e"},
    "element": {"yes": "a", "no": "s", "unsure": "d"},
    "quality": {rating: rating for rating in RATINGS},  # type: ignore[misc]
}

INSTRUCTION = (
    "Answer for what is in the picture, whatever it was meant to show. <b>yes</b>: you would point at it. "
    "<b>no</b>: it is not there. <b>unsure</b>: after two seconds you still cannot tell. "
    "Rate the picture as a picture: <b>1</b> nothing in it can be recognised, <b>3</b> recognisable with "
    "clear faults, <b>5</b> nothing wrong with it; a missing part is no fault. "
    "Keys: q w e for the first question, a s d for the second, 1 to 5 for the third, Ctrl+Enter submits."
)


def labelling_config() -> str:
    """Return Label Studio's XML: one picture, three questions, a key for every answer.

    The rating is a choice of five, not the tag Rating, whose key adds one star a press and is shown nowhere.
    At a height of 400 pixels all of it fits a screen of 1280 by 800.
    """
    questions = "".join(_question(question) for question in KEYS)
    return (
        f'<View><Image name="{_IMAGE}" value="${_IMAGE}" maxHeight="400px" zoomControl="false" '
        f'rotateControl="false"/>{questions}'
        '<Text name="keys" value="1 bad, 5 good. Ctrl+Enter submits."/></View>'
    )


def _question(question: Question) -> str:
    choices = "".join(f'<Choice value="{answer}" hotkey="{key}"/>' for answer, key in KEYS[question].items())
    return (
        f'<Header size="5" value="${question}_question"/><Choices name="{question}" toName="{_IMAGE}" '
        f'choice="single-radio" showInline="true" required="true">{choices}</Choices>'
    )


def task_data(sample: Sample, pair: Pair | None = None) -> dict[str, str]:
    """Return what the page shows of a sample: nothing that tells which method made it.

    The questions are the pair's own where it has them.
    """
    own = (pair.object_question, pair.element_question) if pair else ("", "")
    return {
        "sample": sample.id,
        _IMAGE: f"/data/local-files/?d={PICTURES}/{sample.id}.png",
        "object_question": own[0] or presence_question(with_article(sample.object)),
        "element_question": own[1] or presence_question(with_article(sample.element)),
        "quality_question": QUALITY_QUESTION,
    }


def to_result(votes: Iterable[Vote]) -> list[dict[str, Any]]:
    """Return the ``result`` of an annotation that gives one annotator's answers on one picture."""
    return [
        {
            "from_name": vote.question,
            "to_name": _IMAGE,
            "type": "choices",
            "value": {"choices": [vote.answer]},
        }
        for vote in votes
    ]


@dataclass(frozen=True)
class Fault:
    """Why an answer cannot count; ``question`` is None where it concerns the annotation as a whole."""

    question: str | None
    reason: str


def read_result(result: object) -> tuple[dict[Question, Answer], list[Fault]]:
    """Return the answers of an annotation's ``result`` that are valid, and what is wrong with the rest.

    The server stores whatever it is sent, so nothing is taken for granted.
    """
    given: dict[str, list[object]] = {}
    faults = []
    for item in result if isinstance(result, list) else []:
        name, answer = _item(item)
        if name in KEYS:
            given.setdefault(name, []).append(answer)
        else:
            faults.append(Fault(name, f"unknown question {name!r}"))
    answers: dict[Question, Answer] = {}
    for question in get_args(Question):
        values = given.get(question, [])
        if len(values) == 1 and isinstance(values[0], str) and values[0] in KEYS[question]:
            answers[question] = values[0]
        else:
            faults.append(Fault(question, _reason(question, values)))
    return answers, faults


def _item(item: object) -> tuple[str | None, object]:
    """Return the question and the answer of a result's item, however malformed."""
    if not isinstance(item, Mapping):
        return None, item
    name, value = item.get("from_name"), item.get("value")
    held = next(iter(value.values()), None) if isinstance(value, Mapping) else value
    answer = held[0] if isinstance(held, list) and len(held) == 1 else held
    return name if isinstance(name, str) else None, answer


def _reason(question: Question, values: list[object]) -> str:
    if not values:
        return "no answer"
    if len(values) > 1:
        return f"{len(values)} answers to one question"
    if question == "quality":
        return f"rating {values[0]!r} is not one of 1 to 5"
    return f"answer {values[0]!r} is not one of {', '.join(KEYS[question])}"
