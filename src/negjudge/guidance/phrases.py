"""The grammar of a negative prompt: phrases, their weights, and what stands for itself.

``phrase, phrase``: a phrase is ``text``, ``text:1.5`` or ``(text:1.5)``; no blanks about the colon. In
brackets a text may have commas. A text without one weight is a single phrase, commas and all. A backslash
before a colon, a comma, a bracket or a backslash makes it a letter as any other. A number before the colon is
a ratio or a time ("16:9"): no weight follows it. Free of torch.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import NoReturn

from negjudge.errors import NegjudgeError

LEAST, MOST = 0.01, 10.0  # weights: logarithms of them are added to scores, in float16 too

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"
# A backslash with what it escapes, a bracket, a comma; whatever else is text.
_TOKENS = re.compile(r"\\[\\:,()\[\]]|[(),\[\]]|[^\\(),\[\]]+|\\")
_WEIGHT = re.compile(rf"(?P<text>.*\S):(?P<weight>{_NUMBER})", re.DOTALL)
_ALMOST = re.compile(r".*\S:(?P<rest>[-+.]?\d\S*)", re.DOTALL)
_COUNT = re.compile(r"(?:.*\s)?[\d.]+", re.DOTALL)  # ends in a word that is a number
_COLON = "\udc3a"  # no text has it: stands for an escaped colon until the weight has been read


@dataclass(frozen=True)
class Phrase:
    """One negative, and how many times each of its tokens counts."""

    text: str
    weight: float = 1.0


def parse_negative(text: str) -> tuple[Phrase, ...]:
    """Cut a text such as "wheels:1.5, chain" into phrases, which are encoded one by one.

    A blank text has none. Raises NegjudgeError for what looks like a weight and is none.
    """
    parts = list(_parts(text))
    phrases = [_phrase(part, text) for part in parts]
    if not any(phrase.weight is not None for phrase in phrases):
        whole = _shown(_escaped(text)).strip()
        return (Phrase(whole),) if whole else ()
    for first, second in itertools.pairwise(phrases):
        if first.weight is not None and not first.bracketed and re.fullmatch(r"\d+", second.raw):
            _refuse(text, f"{first.text}:{first.weight:g},{second.raw}", "a weight has a point: 1.5, not 1,5")
    return tuple(Phrase(p.text, 1.0 if p.weight is None else p.weight) for p in phrases if p.text)


@dataclass(frozen=True)
class _Read:
    text: str
    raw: str
    weight: float | None = None
    bracketed: bool = False


def _escaped(text: str) -> str:
    """Return a text whose escaped letters stand for themselves; a colon's is kept apart."""
    return "".join(
        (_COLON if token[1] == ":" else token[1]) if len(token) == 2 and token[0] == "\\" else token
        for token in _TOKENS.findall(text)
    )


def _shown(text: str) -> str:
    return text.replace(_COLON, ":")


def _parts(text: str) -> list[str]:
    """Cut a text at its commas, those in brackets and escaped ones apart; refuse brackets that do not fit."""
    parts, part, depth = [], "", 0
    for token in _TOKENS.findall(text):
        if token == "," and not depth:
            parts.append(part)
            part = ""
            continue
        depth += (token == "(") - (token == ")")
        if token in "[]" or depth not in (0, 1):
            _refuse(text, token, "only (text:1.5) in round brackets, once, is a weight")
        part += token
    if depth:
        _refuse(text, "(", "the bracket is not closed")
    return [one.strip() for one in [*parts, part] if one.strip()]


def _phrase(part: str, whole: str) -> _Read:
    tokens = _TOKENS.findall(part)
    bracketed = tokens[0] == "("
    if bracketed and tokens[-1] == ")" and tokens.count("(") == 1:
        read = _weighted(_escaped(part[1:-1]), part, whole, bracketed=True)
        if read.weight is None:
            _refuse(whole, part, "brackets hold a text and its weight, as (text:1.1)")
        return read
    if "(" in tokens:
        _refuse(whole, part, "a comma parts what is in brackets from the rest")
    return _weighted(_escaped(part), part, whole, bracketed=False)


def _weighted(text: str, raw: str, whole: str, bracketed: bool) -> _Read:
    match, almost = _WEIGHT.fullmatch(text), _ALMOST.fullmatch(text)
    if match is None:
        if almost and not _COUNT.fullmatch(text[: almost.start("rest") - 1]):
            _refuse(whole, raw, f"{almost['rest']!r} is no number")
        return _Read(_shown(text), raw)
    named, weight = match["text"].strip(), float(match["weight"])
    if not bracketed and _COUNT.fullmatch(named):  # 16:9
        return _Read(_shown(text), raw)
    if not bracketed and len(named) == 1:  # f:1.8
        _refuse(whole, raw, f"one letter seldom has a weight; write ({raw}) where it has")
    if not LEAST <= weight <= MOST:
        _refuse(whole, raw, f"the weight {match['weight']} is not from {LEAST:g} to {MOST:g}")
    return _Read(_shown(named), raw, weight, bracketed)


def _refuse(whole: str, what: str, why: str) -> NoReturn:
    raise NegjudgeError(
        f"negative prompt {whole!r}: {what!r} looks like a weight and is none: {why}; "
        "a backslash before a colon, a bracket or a comma makes it text"
    )
