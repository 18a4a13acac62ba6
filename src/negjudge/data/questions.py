"""What annotators and judges are asked, in one place, in both polarities."""

from __future__ import annotations

from typing import Literal

from negjudge.data.nouns import DETERMINERS, article, is_mass, is_plural

Polarity = Literal["present", "absent"]
Kind = Literal["object", "element", "part", "quality"]

POLARITIES: tuple[Polarity, Polarity] = ("present", "absent")
YES, NO = "yes", "no"
RATINGS = ("1", "2", "3", "4", "5")

# "show" and "lack" take singular, plural and mass nouns alike, so no question needs to agree in number.
_PRESENCE: dict[Polarity, str] = {
    "present": "Does this picture show {noun}?",
    "absent": "Does this picture lack {noun}?",
}
OWN_QUESTIONS: tuple[Literal["object", "element", "quality"], ...] = ("object", "element", "quality")
PART = "part:"  # begins the name of a question about a part that should stay: "part:handle"
QUALITY_QUESTION = "How good is this picture, from 1 to 5?"


def presence_question(noun: str, polarity: Polarity = "present") -> str:
    """Return the yes/no question about a noun with its article ("a bicycle", "wheels").

    A "yes" to polarity "absent" means what a "no" to polarity "present" means.
    """
    noun = noun.strip()
    if not noun:
        raise ValueError("the noun to ask about is empty")
    return _PRESENCE[polarity].format(noun=noun)


def noun_asked(question: str) -> str | None:
    """Return the noun of a question whether it is shown ("wheels"), or ``None`` for any other question."""
    before, after = _PRESENCE["present"].split("{noun}")
    noun = question.strip().removeprefix(before).removesuffix(after)
    return noun if noun and question.strip() == _PRESENCE["present"].format(noun=noun) else None


def with_article(noun: str, plural: bool | None = None) -> str:
    """Put "a" or "an" before a singular noun: "bicycle" to "a bicycle", "wheels" stays.

    Without ``plural``, the noun's number is what `negjudge.data.nouns` takes it for. A mass noun ("snow")
    stays as it is, and so does a noun that has an article or another determiner already; "sea" becomes
    "the sea".
    """
    first = noun.split()[:1]
    if not first or first[0].lower() in DETERMINERS:
        return noun
    if (is_plural(noun) if plural is None else plural) or is_mass(noun):
        return noun
    return f"{article(noun.strip())} {noun}"


def part_question(part: str) -> str:
    """Return the name, in votes and labels, of the question whether a part is shown: "part:handle"."""
    return PART + part


def part_of(question: str) -> str | None:
    """Return the part that a question of this name is about, or ``None`` for another question."""
    return question.removeprefix(PART) or None if question.startswith(PART) else None


def kind_of(question: str) -> Kind:
    """Return the kind of a question by its name in votes and labels; ValueError where it is none."""
    if part_of(question) is not None:
        return "part"
    if question not in OWN_QUESTIONS:
        raise ValueError(f"question {question!r} is none of {', '.join(OWN_QUESTIONS)} and {PART}NAME")
    return OWN_QUESTIONS[OWN_QUESTIONS.index(question)]
