"""Questions read as English and keep the noun as it was given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negjudge.data.questions import (
    OWN_QUESTIONS,
    POLARITIES,
    kind_of,
    noun_asked,
    part_of,
    part_question,
    presence_question,
    with_article,
)


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("bicycle", "a bicycle"),
        ("umbrella", "an umbrella"),
        ("wheels", "wheels"),
        ("glass", "a glass"),
        ("bus", "a bus"),
        ("the wheels", "the wheels"),
        ("Two wheels", "Two wheels"),
        ("red bicycle", "a red bicycle"),
        ("old bicycle", "an old bicycle"),
        ("steam", "steam"),
        ("", ""),
    ],
)
def test_articles(noun, expected):
    assert with_article(noun) == expected


def test_number_can_be_said():
    assert with_article("sheep", plural=True) == "sheep"
    assert with_article("tennis", plural=False) == "a tennis"


@given(st.text(min_size=1).filter(str.strip))
def test_both_polarities_hold_the_noun_and_differ(noun):
    questions = {presence_question(noun, polarity) for polarity in POLARITIES}
    assert len(questions) == 2
    assert all(noun.strip() in question for question in questions)


@given(st.text(max_size=20))
def test_an_article_is_put_once(noun):
    assert with_article(with_article(noun)) == with_article(noun)


@pytest.mark.parametrize("noun", ["", "  "])
def test_an_empty_noun_is_refused(noun):
    with pytest.raises(ValueError, match="empty"):
        presence_question(noun)


@pytest.mark.parametrize(
    ("question", "noun"),
    [
        ("Does this picture show wheels?", "wheels"),
        ("Does this picture show a bicycle seat? ", "a bicycle seat"),
        ("Does this picture lack wheels?", None),
        ("Does this picture show ?", None),
        ("", None),
    ],
)
def test_the_noun_of_a_question(question: str, noun: str | None) -> None:
    assert noun_asked(question) == noun


@given(st.text(min_size=1, max_size=30))
def test_a_question_about_a_part_is_named_by_it_and_is_no_other(part):
    assert part_of(part_question(part)) == part
    assert kind_of(part_question(part)) == "part"


def test_the_kinds_of_questions_by_their_names():
    assert [kind_of(name) for name in OWN_QUESTIONS] == ["object", "element", "quality"]
    assert part_question("handle") == "part:handle"
    assert part_of("element") is None
    for name in ("mood", "part", "part:", "", "Object"):
        with pytest.raises(ValueError, match="none of object, element, quality and part:NAME"):
            kind_of(name)
