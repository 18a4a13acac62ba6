"""The questions as messages of a chat, and its answers as probabilities."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from negjudge.data.questions import NO, RATINGS, YES
from negjudge.data.records import Verdict
from negjudge.judge.prompts import SYSTEM
from negjudge.judge.verdicts import logistic
from negjudge.statistics.calibration import SuccessCalibration, log_odds

QUALITY = "quality"
CONTRADICTION = 0.5  # as in judge_settings.Calibration
STRUCTURED_SYSTEM = "Answer every question about the picture by what is in it."
_FORM = 'Answer with a JSON object that has these keys, "yes" or "no" for each{quality}.'


@dataclass(frozen=True)
class Said:
    """What was understood of a reply: the probability of "yes" by question, and the rating."""

    answers: Mapping[str, float]
    logprobs: bool


def plain_messages(question: str, picture: str) -> list[dict[str, Any]]:
    """Return the conversation for one question; ``picture`` is a data URI, or what stands for it."""
    return _messages(SYSTEM, question, picture)


def structured_messages(questions: Mapping[str, str], picture: str) -> list[dict[str, Any]]:
    """Return the conversation for all questions at once, by the names that the answers are to have."""
    lines = [f"{_key(name)}: {text}" for name, text in questions.items()]
    quality = ", and a number from 1 to 5 for quality" if QUALITY in questions else ""
    return _messages(STRUCTURED_SYSTEM, "\n".join([*lines, _FORM.format(quality=quality)]), picture)


def _messages(system: str, text: str, picture: str) -> list[dict[str, Any]]:
    content = [{"type": "image_url", "image_url": {"url": picture}}, {"type": "text", "text": text}]
    return [{"role": "system", "content": system}, {"role": "user", "content": content}]


def response_format(questions: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON schema that the answer is to follow."""
    properties: dict[str, Any] = {
        _key(name): {"type": "integer", "enum": [int(rating) for rating in RATINGS]}
        if name == QUALITY
        else {"type": "string", "enum": [YES, NO]}
        for name in questions
    }
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "answers", "strict": True, "schema": schema}}


def _key(name: str) -> str:
    return name.replace(".", "_")


def read_structured(completion: Mapping[str, Any], questions: Mapping[str, str]) -> Said | None:
    """Return all the answers in a reply, or ``None`` where it is anything else than was asked for."""
    content = _content(completion)
    try:
        values = json.loads(re.sub(r"^\s*```(json)?|```\s*$", "", content))
        given = {name: _choice(str(values[_key(name)]), name) for name in questions}
    except (ValueError, LookupError, TypeError):
        return None
    answers, sure = {}, True
    for name, choice in given.items():
        if choice is None:
            return None
        found = re.search(rf'"{re.escape(_key(name))}"\s*:\s*"?', content)
        options = _options(completion, found.end()) if found else {}
        answers[name], told = _value(choice, options, name)
        sure = sure and told
    return Said(answers, sure)


def read_plain(completion: Mapping[str, Any], name: str) -> Said | None:
    """Return the answer to one question in a reply, or ``None`` where its first word is no answer."""
    content = _content(completion)
    word = re.search(r"\w+", content)
    choice = _choice(word[0], name) if word else None
    if word is None or choice is None:
        return None
    value, told = _value(choice, _options(completion, word.start()), name)
    return Said({name: value}, told)


def _content(completion: Mapping[str, Any]) -> str:
    content = completion["choices"][0]["message"].get("content")
    return content if isinstance(content, str) else ""


def _choice(text: str, name: str) -> str | None:
    text = text.strip().casefold()
    return text if text in (RATINGS if name == QUALITY else (YES, NO)) else None


def _value(choice: str, options: Mapping[str, float], name: str) -> tuple[float, bool]:
    """Return P(yes), or the expected rating, and whether the server told its probability."""
    known = RATINGS if name == QUALITY else (YES, NO)
    weights = {answer: sum(p for text, p in options.items() if _stands_for(text, answer)) for answer in known}
    total = sum(weights.values())
    if name == QUALITY:
        if total > 0:
            return sum(int(rating) * weight for rating, weight in weights.items()) / total, True
        return float(choice), False
    if total == 0:
        return float(choice == YES), False
    # What is not listed is no likelier than what is listed last, and has what the listed ones leave.
    unlisted = min(max(0.0, 1 - sum(options.values())), min(options.values()))
    yes, no = weights[YES] or unlisted, weights[NO] or unlisted
    return yes / (yes + no), True


def _stands_for(token: str, answer: str) -> bool:
    """Tell whether a token begins an answer, as "Y", " yes" and "\\"yes" do."""
    text = token.strip().strip('"').casefold()
    return bool(text) and answer.startswith(text)


def _options(completion: Mapping[str, Any], place: int) -> dict[str, float]:
    """Return the probabilities of the tokens that could have stood at a place of the content; none untold."""
    with contextlib.suppress(LookupError, TypeError, ValueError, OverflowError):
        start = 0
        for token in completion["choices"][0]["logprobs"]["content"]:
            end = start + len(token["token"])
            if start <= place < end:
                listed: Sequence[Mapping[str, Any]] = token.get("top_logprobs") or [token]
                return {str(one["token"]): math.exp(float(one["logprob"])) for one in listed}
            start = end
    return {}


def verdict_of(answers: Mapping[str, float], logprobs: bool, structured: bool, judge: str) -> Verdict:
    """Return what the answers come to; ``details`` keeps them, with how they were had.

    Both polarities count the same, in log-odds. Without probabilities every answer is 0 or 1, and a judge
    that contradicts itself then abstains.
    """
    if not answers:
        return Verdict(error="the endpoint gave no usable answer", judge=judge)
    named, first = _presence(answers, "object")
    element, second = _presence(answers, "element")
    contradiction = max(first, second) > CONTRADICTION
    success = None
    if named is not None and element is not None:
        success = float(SuccessCalibration().apply(named, element))
    details = {f"{name}.yes": value for name, value in answers.items() if name != QUALITY}
    return Verdict(
        object_present=named,
        element_present=element,
        success=success,
        quality=answers.get(QUALITY),
        abstained=contradiction and not logprobs,
        contradiction=contradiction,
        judge=judge,
        details={**details, "logprobs": float(logprobs), "structured": float(structured)},
    )


def _presence(answers: Mapping[str, float], topic: str) -> tuple[float | None, float]:
    """Return the probability of presence by both polarities, or by the one there is, and their difference."""
    said = [
        (sign, answers[name])
        for sign, name in ((1, f"{topic}.present"), (-1, f"{topic}.absent"))
        if name in answers
    ]
    if not said:
        return None, 0.0
    odds = sum(sign * float(log_odds(p)) for sign, p in said) / len(said)
    gap = abs(said[0][1] - (1 - said[1][1])) if len(said) == 2 else 0.0
    return logistic(odds), gap
