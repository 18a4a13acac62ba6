"""The page that an annotator sees, and the way from its answers to votes and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from negjudge.data.questions import (
    OWN_QUESTIONS,
    QUALITY_QUESTION,
    RATINGS,
    part_of,
    part_question,
    presence_question,
    with_article,
)
from negjudge.data.records import Answer, Pair, Question, Sample, Vote
from negjudge.labeling.parts import MOST_PARTS

PICTURES = "pictures"  # folder of the served pictures, below the root that the server may serve from
_IMAGE = "image"
_SHORT = "display: flex; gap: 1em; align-items: baseline; height: 40px"  # of a line

# Answer to key. Three rows of the left hand: top row the object, home row the element, digits the rating.
KEYS: dict[Question, dict[Answer, str]] = {
    "object": {"yes": "q", "no": "w", "unsure": "e"},
    "element": {"yes": "a", "no": "s", "unsure": "d"},
    "quality": {rating: rating for rating in RATINGS},  # type: ignore[misc]
}

# The rows go on where the left hand reaches: a row of three keys for each part that should stay.
PART_KEYS: tuple[dict[Answer, str], ...] = (
    {"yes": "z", "no": "x", "unsure": "c"},
    {"yes": "r", "no": "t", "unsure": "y"},
    {"yes": "f", "no": "g", "unsure": "h"},
    {"yes": "v", "no": "b", "unsure": "n"},
)
assert len(PART_KEYS) == MOST_PARTS

INSTRUCTION = (
    "Answer for what is in the picture, whatever it was meant to show. <b>yes</b>: you would point at it. "
    "<b>no</b>: it is not there. <b>unsure</b>: after two seconds you still cannot tell. "
    "Rate the picture as a picture: <b>1</b> nothing in it can be recognised, <b>3</b> recognisable with "
    "clear faults, <b>5</b> nothing wrong with it; a missing part is no fault. "
    "Keys: q w e for the first question, a s d for the second, 1 to 5 for the third, Ctrl+Enter submits."
)
INSTRUCTION_WITH_PARTS = INSTRUCTION.replace(
    "1 to 5 for the third,",
    "z x c, r t y, f g h and v b n for those about further parts, 1 to 5 for the last,",
)


def labelling_config(parts: int = 0, required: int = 0) -> str:
    """Return Label Studio's XML: one picture, three questions, a key for every answer.

    ``parts`` is the most parts of a picture that are asked about, too: each has a line for question and
    answers, which the task fills and which is empty where the picture has fewer. The first ``required`` of
    them, which every picture has, must be answered; of further ones the server cannot tell whether they must.

    The rating is a choice of five, not the tag Rating, whose key adds one star a press and is shown nowhere.
    At a height of 400 pixels all of it fits a screen of 1280 by 800, and with parts at 300.
    """
    lines = [_line(question, True, bool(parts), _choices(question)) for question in KEYS]
    lines[-1:-1] = [_line(_slot(number), number < required, True) for number in range(parts)]
    return (
        f'<View><Image name="{_IMAGE}" value="${_IMAGE}" maxHeight="{300 if parts else 400}px" '
        f'zoomControl="false" rotateControl="false"/>{"".join(lines)}'
        '<Text name="keys" value="1 bad, 5 good. Ctrl+Enter submits."/></View>'
    )


def _choices(question: Question) -> str:
    return "".join(f'<Choice value="{answer}" hotkey="{key}"/>' for answer, key in KEYS[question].items())


def _line(name: str, required: bool, short: bool, choices: str | None = None) -> str:
    """Return a question and its answers; ``short`` puts them side by side.

    Without ``choices`` the answers come with the task; where it has none, none are shown.
    """
    begin, end = (f'<View style="{_SHORT}">', "</View>") if short else ("", "")
    must = ' required="true"' if required else ""
    given = f' value="${name}_answers"' if choices is None else ""
    return (
        f'{begin}<Header size="5" value="${name}_question"/><Choices name="{name}" toName="{_IMAGE}" '
        f'choice="single-radio" showInline="true"{must}{given}>{choices or ""}</Choices>{end}'
    )


def _slot(number: int) -> str:
    """Return the name, on the page, of the question about the task's part of this number, from 0."""
    return f"part{number + 1}"


def task_data(
    sample: Sample, pair: Pair | None = None, parts: Sequence[str] = (), slots: int = 0
) -> dict[str, Any]:
    """Return what the page shows of a sample: nothing that tells which method made it.

    The questions are the pair's own where it has them. ``parts`` are asked about too, on a page that has
    ``slots`` lines for them.
    """
    own = (pair.object_question, pair.element_question) if pair else ("", "")
    data: dict[str, Any] = {
        "sample": sample.id,
        _IMAGE: f"/data/local-files/?d={PICTURES}/{sample.id}.png",
        "object_question": own[0] or presence_question(with_article(sample.object)),
        "element_question": own[1] or presence_question(with_article(sample.element)),
        "quality_question": QUALITY_QUESTION,
    }
    return data | _parts_data(pair, parts, slots) if slots else data


def _parts_data(pair: Pair | None, parts: Sequence[str], slots: int) -> dict[str, Any]:
    own = dict(zip(pair.keep, pair.keep_questions, strict=False)) if pair else {}
    data: dict[str, Any] = {"parts": list(parts)}
    for number in range(slots):
        part = parts[number] if number < len(parts) else None
        answers = PART_KEYS[number].items() if part is not None else ()
        question = "" if part is None else own.get(part) or presence_question(with_article(part))
        data[f"{_slot(number)}_question"] = question
        data[f"{_slot(number)}_answers"] = [{"value": answer, "hotkey": key} for answer, key in answers]
    return data


def to_result(votes: Iterable[Vote], parts: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the ``result`` of an annotation that gives one annotator's answers on one picture.

    ``parts`` are those that the picture's task asks about.
    """
    slots = {part_question(part): _slot(number) for number, part in enumerate(parts)}
    return [
        {
            "from_name": slots.get(vote.question, vote.question),
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


def read_result(result: object, parts: Sequence[str] = ()) -> tuple[dict[Question, Answer], list[Fault]]:
    """Return the answers of an annotation's ``result`` that are valid, and what is wrong with the rest.

    ``parts`` are those that the picture's task asks about. The server stores whatever it is sent, so nothing
    is taken for granted.
    """
    names = {question: question for question in OWN_QUESTIONS} | {
        _slot(number): part_question(part) for number, part in enumerate(parts)
    }
    given: dict[str, list[object]] = {}
    faults = []
    for item in result if isinstance(result, list) else []:
        name, answer = _item(item)
        if name in names:
            given.setdefault(names[name], []).append(answer)
        else:
            faults.append(Fault(name, f"unknown question {name!r}"))
    answers: dict[Question, Answer] = {}
    for question in names.values():
        values = given.get(question, [])
        if len(values) == 1 and isinstance(values[0], str) and values[0] in _answers_to(question):
            answers[question] = cast(Answer, values[0])
        else:
            faults.append(Fault(question, _reason(question, values)))
    return answers, faults


def _answers_to(question: Question) -> Mapping[Answer, str]:
    return PART_KEYS[0] if part_of(question) is not None else KEYS[question]


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
    return f"answer {values[0]!r} is not one of {', '.join(_answers_to(question))}"
