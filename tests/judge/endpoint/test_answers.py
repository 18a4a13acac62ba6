"""A server's words as probabilities, by hand: what is listed, what is left over, what is no answer."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negjudge.judge.endpoint.answers import (
    QUALITY,
    Said,
    plain_messages,
    read_plain,
    read_structured,
    response_format,
    structured_messages,
    verdict_of,
)

QUESTIONS = {"object.present": "Does it show a car?", QUALITY: "How good is it?"}
Listed = dict[str, float]


def completion(content: str | None, tokens: list[tuple[str, Listed]] | None = None) -> dict[str, Any]:
    """A reply; each token with the probabilities of those that could have stood in its place."""
    choice: dict[str, Any] = {"message": {"content": content}}
    if tokens is not None:
        choice["logprobs"] = {
            "content": [
                {
                    "token": token,
                    "logprob": math.log(listed.get(token, 1.0)),
                    "top_logprobs": [{"token": t, "logprob": math.log(p)} for t, p in listed.items()],
                }
                for token, listed in tokens
            ]
        }
    return {"choices": [choice]}


@pytest.mark.parametrize(
    ("listed", "yes"),
    [
        ({"yes": 0.6, "no": 0.2, "maybe": 0.2}, 0.75),  # of what is an answer
        ({"Yes": 0.3, "yes": 0.3, " no": 0.2}, 0.75),  # every spelling of one counts
        ({"Y": 0.9, "N": 0.1}, 0.9),  # and every beginning
        ({"yes": 0.9, "it": 0.06}, 0.9 / 0.94),  # unlisted "no": the rest, 0.04
        ({"yes": 0.5, "it": 0.02}, 0.5 / 0.52),  # but no likelier than the last that is listed
        ({"yes": 1.0}, 1.0),
    ],
)
def test_the_probability_of_yes_is_that_among_the_answers(listed: Listed, yes: float) -> None:
    said = read_plain(completion("yes", [("yes", listed)]), "object.present")
    assert said is not None
    assert said.logprobs
    assert said.answers["object.present"] == pytest.approx(yes)


def test_the_place_of_the_answer_is_the_one_that_is_asked() -> None:
    tokens: list[tuple[str, Listed]] = [
        ('"', {'"': 1.0}),
        ("No", {"No": 0.75, "Yes": 0.25}),
        ("!", {"!": 1.0}),
    ]
    said = read_plain(completion('"No!', tokens), "element.present")
    assert said == Said({"element.present": pytest.approx(0.25)}, True)


def test_a_rating_is_the_mean_of_those_listed() -> None:
    said = read_plain(completion("4", [("4", {"4": 0.5, "5": 0.25, "good": 0.25})]), QUALITY)
    assert said is not None
    assert said.answers[QUALITY] == pytest.approx((4 * 0.5 + 5 * 0.25) / 0.75)


@pytest.mark.parametrize(
    ("content", "name", "value"),
    [("Yes.", "object.present", 1.0), ("NO", "object.present", 0.0), ("3 of 5", QUALITY, 3.0)],
)
def test_without_probabilities_the_answer_itself_counts(content: str, name: str, value: float) -> None:
    assert read_plain(completion(content), name) == Said({name: value}, False)


@pytest.mark.parametrize(
    ("content", "name"),
    [("It does.", "object.present"), ("", "object.present"), (None, "object.present"), ("6", QUALITY),
     ("yes", QUALITY), ("3", "object.present")],
)  # fmt: skip
def test_what_is_no_answer_is_none(content: str | None, name: str) -> None:
    assert read_plain(completion(content), name) is None


@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```", "```\n{}```"])
def test_answers_in_json_are_read_with_their_own_probabilities(fence: str) -> None:
    content = fence.format('{"object_present": "yes", "quality": 4}')
    before, after = content.split("yes")
    tokens: list[tuple[str, Listed]] = [
        (before, {before: 1.0}),
        ("yes", {"yes": 0.8, "no": 0.2}),
        (after.split("4")[0], {after.split("4")[0]: 1.0}),
        ("4", {"4": 0.5, "5": 0.5}),
        (after.split("4")[1], {after.split("4")[1]: 1.0}),
    ]
    said = read_structured(completion(content, tokens), QUESTIONS)
    assert said == Said({"object.present": pytest.approx(0.8), QUALITY: pytest.approx(4.5)}, True)
    assert read_structured(completion(content), QUESTIONS) == Said(
        {"object.present": 1.0, QUALITY: 4.0}, False
    )


@pytest.mark.parametrize(
    "content",
    ["", "yes", "[]", "{}", '{"object_present": "yes"}', '{"object_present": "perhaps", "quality": 4}',
     '{"object_present": "yes", "quality": 9}', '{"object_present": "yes", "quality": 4'],
)  # fmt: skip
def test_less_than_all_the_answers_are_none(content: str) -> None:
    assert read_structured(completion(content), QUESTIONS) is None


@pytest.mark.parametrize("logprobs", [None, {}, {"content": None}, {"content": [{"token": "yes"}]}])
def test_probabilities_of_another_form_are_none(logprobs: Any) -> None:
    reply = completion("yes")
    reply["choices"][0]["logprobs"] = logprobs
    assert read_plain(reply, "object.present") == Said({"object.present": 1.0}, False)


def test_what_is_asked_for_and_what_is_expected_have_the_same_names() -> None:
    schema = response_format(QUESTIONS)["json_schema"]["schema"]
    assert schema["required"] == ["object_present", "quality"]
    assert schema["properties"]["quality"]["enum"] == [1, 2, 3, 4, 5]
    text = structured_messages(QUESTIONS, "data:,x")[1]["content"][1]["text"]
    assert all(f"{name}: " in text for name in schema["required"])
    assert "a number from 1 to 5" in text
    assert "a number" not in json.dumps(structured_messages({"object.present": "?"}, "data:,x"))
    assert plain_messages("?", "data:,x")[1]["content"][0]["image_url"] == {"url": "data:,x"}


def test_both_polarities_count_the_same() -> None:
    answers = {"object.present": 0.9, "object.absent": 0.2, "element.present": 0.3}
    found = verdict_of(answers, logprobs=True, structured=True, judge="j")
    odds = (math.log(0.9 / 0.1) - math.log(0.2 / 0.8)) / 2
    assert found.object_present == pytest.approx(1 / (1 + math.exp(-odds)))
    assert found.element_present == pytest.approx(0.3)
    assert found.success == pytest.approx(found.object_present * 0.7)
    assert (found.contradiction, found.abstained, found.quality) == (False, False, None)
    assert found.details == {f"{name}.yes": p for name, p in answers.items()} | {
        "logprobs": 1,
        "structured": 1,
    }


@pytest.mark.parametrize(("logprobs", "abstained"), [(True, False), (False, True)])
def test_who_contradicts_itself_abstains_only_without_probabilities(logprobs: bool, abstained: bool) -> None:
    found = verdict_of({"object.present": 1.0, "object.absent": 1.0}, logprobs, True, "j")
    assert found.object_present == pytest.approx(0.5)
    assert (found.contradiction, found.abstained) == (True, abstained)
    assert (found.element_present, found.success) == (None, None)


def test_no_answer_at_all_is_an_error() -> None:
    found = verdict_of({}, False, False, "j")
    assert found.error == "the endpoint gave no usable answer"


@given(st.floats(0, 1), st.floats(0, 1))
def test_probabilities_stay_probabilities_and_turn_with_the_polarity(present: float, absent: float) -> None:
    found = verdict_of({"element.present": present, "element.absent": absent}, True, True, "j")
    turned = verdict_of({"element.present": absent, "element.absent": present}, True, True, "j")
    assert found.element_present is not None
    assert turned.element_present is not None
    assert 0 <= found.element_present <= 1
    assert found.element_present + turned.element_present == pytest.approx(1)
