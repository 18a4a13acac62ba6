"""The grammar of a negative prompt: what has a weight, what stands for itself, what is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negjudge.errors import NegjudgeError
from negjudge.guidance.phrases import LEAST, MOST, Phrase, parse_negative


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("wheels", [("wheels", 1.0)]),
        ("wheels, chain", [("wheels, chain", 1.0)]),
        ("wheels:1.5, chain", [("wheels", 1.5), ("chain", 1.0)]),
        ("(wheels:1.5)", [("wheels", 1.5)]),
        ("(wheels:1.5), chain", [("wheels", 1.5), ("chain", 1.0)]),
        ("(wheels, chain:1.5), bell", [("wheels, chain", 1.5), ("bell", 1.0)]),
        ("wheels:2 ,, a red chain:.5", [("wheels", 2.0), ("a red chain", 0.5)]),
        ("wheels:5.", [("wheels", 5.0)]),
        ("score_4:1.5", [("score_4", 1.5)]),
        # No weights: blanks about the colon, numbers before it, letters behind it.
        ("cat :3", [("cat :3", 1.0)]),
        ("rating: 5", [("rating: 5", 1.0)]),
        ("ratio 16:9", [("ratio 16:9", 1.0)]),
        ("at 12:30pm", [("at 12:30pm", 1.0)]),
        ("a sign: stop", [("a sign: stop", 1.0)]),
        ("embedding:easynegative", [("embedding:easynegative", 1.0)]),
        ("http://example.org", [("http://example.org", 1.0)]),
        # A backslash makes a letter of what follows.
        ("f\\:1.8", [("f:1.8", 1.0)]),
        ("http://localhost\\:8080", [("http://localhost:8080", 1.0)]),
        ("http://localhost\\:8080:1.5", [("http://localhost:8080", 1.5)]),
        ("\\(blurry\\)", [("(blurry)", 1.0)]),
        ("salt\\, pepper:1.5, chain", [("salt, pepper", 1.5), ("chain", 1.0)]),
        ("a \\\\ b", [("a \\ b", 1.0)]),
        ("C:\\windows", [("C:\\windows", 1.0)]),
        ("(f:1.8)", [("f", 1.8)]),
        ("", []),
        (" , ", [(",", 1.0)]),
        ("  ", []),
    ],
)
def test_a_text_is_cut_into_phrases_where_it_has_weights(text: str, phrases: list[tuple[str, float]]) -> None:
    assert parse_negative(text) == tuple(Phrase(*phrase) for phrase in phrases)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("chain, wheels:0", "from 0.01 to 10"),
        ("wheels:-1", "from 0.01 to 10"),
        ("wheels:1000000", "from 0.01 to 10"),
        ("http://localhost:8080", "from 0.01 to 10"),
        ("f:1.8", "one letter"),
        ("((x))", "once"),
        ("[x]", "round brackets"),
        ("wheels, [chain:0.5]", "round brackets"),
        ("(wheels)", "as (text:1.1)"),
        ("(wheels:1.2", "not closed"),
        ("wheels:1.2)", "once"),
        ("(wheels:1.2) chain", "a comma parts"),
        ("red (wheels:1.2)", "a comma parts"),
        ("wheels:1.5x", "'1.5x' is no number"),
        ("wheels:1.2.3", "'1.2.3' is no number"),
        ("wheels:1,5", "has a point"),
        ("<lora:detail:0.8>", "'0.8>' is no number"),
    ],
)
def test_what_looks_like_a_weight_and_is_none_is_refused(text: str, what: str) -> None:
    with pytest.raises(NegjudgeError, match=re.escape(what)) as refusal:
        parse_negative(text)
    assert repr(text) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "backslash" in str(refusal.value)


def escape(text: str) -> str:
    return re.sub(r"([\\\\:,()\[\]])", r"\\\1", text)


@given(st.text(max_size=30))
def test_every_text_can_be_written(text: str) -> None:
    assert parse_negative(escape(text)) == ((Phrase(text.strip()),) if text.strip() else ())


words = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=2, max_size=12
)
phrases = st.tuples(words.map(str.strip).filter(lambda word: len(word) > 1), st.floats(LEAST, MOST))


@given(st.lists(phrases, min_size=1, max_size=4))
def test_every_list_of_weights_can_be_written(wanted: list[tuple[str, float]]) -> None:
    text = ", ".join(f"({escape(word)}:{weight:.4f})" for word, weight in wanted)
    found = parse_negative(text)
    assert [phrase.text for phrase in found] == [word for word, _ in wanted]
    assert [phrase.weight for phrase in found] == pytest.approx([weight for _, weight in wanted], abs=1e-4)


@given(st.text(alphabet="a1 .:,()[]\\-", max_size=14))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    found = outcome(text)
    if isinstance(found, str):
        assert "\n" not in found
    else:
        assert all(phrase.text and LEAST <= phrase.weight <= MOST for phrase in found)


def outcome(text: str) -> tuple[Phrase, ...] | str:
    try:
        return parse_negative(text)
    except NegjudgeError as refusal:
        return str(refusal)
