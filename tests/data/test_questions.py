"""Questions read as English and keep the noun as it was given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negjudge.data.questions import POLARITIES, noun_asked, presence_question, with_article


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
