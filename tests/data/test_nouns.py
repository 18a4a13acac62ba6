"""English nouns: what is plural, which article stands before them, and which phrases are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negjudge.data.nouns import article, head, holds, is_countable, is_mass, is_plural, same, singular, words

WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)


def test_words_are_parted_by_hyphens_and_lose_their_possessive():
    assert words("The Camel's two-humped back") == ["the", "camel", "two", "humped", "back"]
    assert words("the girls’ hats") == ["the", "girls", "hats"]
    assert words("...") == []


@pytest.mark.parametrize(
    ("phrase", "word"),
    [
        ("strings of a harp", "strings"),
        ("a bicycle with wheels", "bicycle"),
        ("red paint", "paint"),
        ("in", "in"),
        ("", ""),
    ],
)
def test_the_head_says_what_a_phrase_is(phrase, word):
    assert head(phrase) == word


@pytest.mark.parametrize("phrase", ["wheels", "feet", "scissors", "strings of a harp", "mice", "skis"])
def test_plural(phrase):
    assert is_plural(phrase)


@pytest.mark.parametrize(
    "phrase", ["glass", "cactus", "lens", "canvas", "tennis", "harp with strings", "iris"]
)
def test_singular_though_it_may_end_in_s(phrase):
    assert not is_plural(phrase)


def test_mass_nouns_stand_without_an_article_and_some_of_them_with_one_too():
    assert is_mass("red paint")
    assert not is_countable("thick foam")
    assert is_mass("grey stone")
    assert is_countable("grey stone")
    assert not is_mass("wheel")
    assert is_countable("wheel")


@pytest.mark.parametrize(
    ("phrase", "found"),
    [
        ("sea", "the"), ("blue sky", "a"), ("apple", "an"), ("old wheel", "an"), ("wheel", "a"),
        ("hour", "an"), ("hourglass", "an"), ("house", "a"), ("unicorn", "a"), ("umbrella", "an"),
        ("unusual hat", "an"), ("one-eyed cat", "a"), ("onion", "an"), ("European flag", "a"),
        ("heirloom", "an"),
    ],
)  # fmt: skip
def test_the_article_goes_by_the_sound_of_the_first_word(phrase, found):
    assert article(phrase) == found


@pytest.mark.parametrize(
    ("plural", "word"),
    [
        ("wheels", "wheel"), ("boxes", "box"), ("axes", "axe"), ("branches", "branch"),
        ("moustaches", "moustache"), ("berries", "berry"), ("ties", "tie"), ("tomatoes", "tomato"),
        ("shoes", "shoe"), ("buses", "bus"), ("lenses", "lens"), ("leaves", "leaf"), ("teeth", "tooth"),
        ("scissors", "scissors"), ("glass", "glass"),
    ],
)  # fmt: skip
def test_a_word_and_its_plural_share_a_form(plural, word):
    assert singular(plural) == singular(word) == word


def test_phrases_are_the_same_and_hold_others_by_whole_words():
    assert same("The Red-Brick Walls") == same("the red brick wall")
    assert holds("a wall of bricks", "brick")
    assert holds("rear baskets", "basket")
    assert not holds("a brickwork wall", "brick")
    assert not holds("a wall", "brick wall")


@given(WORD.filter(lambda word: not word.endswith("s")))
def test_what_is_singular_stays_so(word):
    assert singular(singular(word)) == singular(word) == same(word)


@given(st.lists(WORD, min_size=1, max_size=4).map(" ".join))
def test_a_phrase_holds_itself_and_each_of_its_words(phrase):
    assert holds(phrase, phrase)
    assert all(holds(phrase, word) for word in phrase.split())
