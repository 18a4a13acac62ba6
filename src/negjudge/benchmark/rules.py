"""The rules of the benchmark's specification that one pair can break."""

from __future__ import annotations

import re
from collections.abc import Iterator

from negjudge.data.nouns import (
    DETERMINERS,
    article,
    head,
    holds,
    is_countable,
    is_mass,
    is_plural,
    same,
    words,
)
from negjudge.data.questions import presence_question, with_article
from negjudge.data.records import Pair

CATEGORIES = tuple(
    """animals buildings clothing devices food furniture instruments landscapes people sports tools
    vehicles""".split()
)
RELATIONS = ("part", "material", "contents", "setting", "attribute")
WHY_WORDS = (8, 30)
MOST_KEPT = 3

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_NEGATION = re.compile(
    r"\b(no|not|non|none|never|nothing|nobody|without|w/o|lack(s|ing)?|miss(es|ing)|minus|except|absent|devoid"
    r"|empty|cannot|\w+n't|(?!wire|stain|seam)\w{3,}less|\w+-free|free (of|from))\b",
    re.IGNORECASE,
)
_MEDIUM = re.compile(
    r"\b(photos?|photographs?|pictures?|images?|drawings?|renderings?|illustrations?) (of|showing)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"Does this picture (show|lack) (\S.*\S|\S)\?")
_FANCY = re.compile("[\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb`\u00b4]")


def negation(text: str) -> str | None:
    """Return the first word of a text that negates, or ``None``."""
    found = _NEGATION.search(text)
    return found[0] if found else None


def pair_id(object_: str, element: str) -> str:
    """Return the id of a pair: its object and element in lower case, joined with hyphens."""
    return "-".join(re.findall(r"[^\W_]+", f"{object_} {element}".lower().replace("'", "")))


def pair_faults(pair: Pair) -> Iterator[str]:
    """Yield what is wrong with one pair and what to do, a line each."""
    for rule in (_texts, _names, _nouns, _prompt, _why, _questions, _keep):
        yield from rule(pair)


def _texts(pair: Pair) -> Iterator[str]:
    for name, value in vars(pair).items():
        for text in value if isinstance(value, tuple) else (value,):
            if not isinstance(text, str):
                continue
            if text != " ".join(text.split()):
                yield f"{name} has spaces at an end, or two together; leave single ones"
            if _FANCY.search(text):
                yield f"{name} has the quote {_FANCY.search(text)[0]}; write ' or \""  # type: ignore[index]
            if not text and name not in ("others", "category", "relation"):
                yield f"{name} is empty; fill it in"


def _names(pair: Pair) -> Iterator[str]:
    full = pair_id(pair.object, pair.element)
    short = pair_id(pair.object, head(pair.element))
    if not _ID.fullmatch(pair.id) or pair.id not in (full, short):
        yield f"the id should be object and element in lower case with hyphens; call it {full}"
    if not pair.essential:
        yield "essential is false; choose an element that nearly every picture of the prompt shows"
    for name, value, known in (
        ("category", pair.category, CATEGORIES),
        ("relation", pair.relation, RELATIONS),
    ):
        if value not in known:
            yield f"{name} is {value!r}; use one of {', '.join(known)}"


def _nouns(pair: Pair) -> Iterator[str]:
    named = [("object", pair.object), ("element", pair.element), ("negative", pair.negative)]
    for name, noun in (*named, *(("keep", noun) for noun in pair.keep)):
        if noun.lower().split()[:1] and noun.lower().split()[0] in DETERMINERS:
            yield f"{name} is {noun!r}; leave out {noun.split()[0]!r}"
        if negation(noun):
            yield f"{name} is {noun!r}, which negates; name the thing itself"
    if same(pair.element) == same(pair.object):
        yield "the element is the object itself; name something of it"
    if not holds(pair.negative, head(pair.element)):
        yield f"the negative {pair.negative!r} does not name the element; use {pair.element!r}"


def _prompt(pair: Pair) -> Iterator[str]:
    prompt = pair.prompt
    if negation(prompt):
        yield f"the prompt negates with {negation(prompt)!r}; say what is there"
    if _MEDIUM.search(prompt):
        yield "the prompt asks for a medium; name the thing alone, without 'photo of' and the like"
    if prompt.endswith((".", "!", "?", ",")):
        yield "the prompt ends with punctuation; leave it out"
    if holds(prompt, head(pair.element)):
        yield f"the prompt mentions {head(pair.element)!r}; it may not name the element"
    if not holds(prompt, pair.object):
        yield f"the prompt does not name the object {pair.object!r}; use the same words"
    else:
        yield from _agreement(prompt, pair.object)
    for given, follower in re.findall(r"(?<![\w'-])(an?) (\S+)", prompt, re.IGNORECASE):
        if article(follower) != given.lower():
            yield f"the prompt says '{given} {follower}'; write {article(follower)!r}"


def _agreement(prompt: str, named: str) -> Iterator[str]:
    """The object in the prompt: its number, and an article before it where it is singular."""
    said = words(prompt)
    target = words(named)
    start = next((i for i in range(len(said)) if said[i : i + len(target)] == target), None)
    if start is None:
        yield f"the prompt has the object {named!r} in another number; use the same form in both"
        return
    before = said[:start]
    if not is_plural(named) and not is_mass(named) and not DETERMINERS.intersection(before):
        yield f"the prompt has no article before {named!r}; write {with_article(named)!r}"
    if is_plural(named) and before and before[-1] in ("a", "an"):
        yield f"the prompt has '{before[-1]} {named}', which is plural; leave out the article"


def _why(pair: Pair) -> Iterator[str]:
    least, most = WHY_WORDS
    count = len(pair.why.split())
    if not least <= count <= most:
        yield f"why has {count} words; write one sentence of {least} to {most}"
    if not pair.why.endswith(".") or re.search(r"[.!?]['\")]? +[A-Z]", pair.why):
        yield "why is not one sentence; write one that ends with a full stop"


def _questions(pair: Pair) -> Iterator[str]:
    asked = (
        ("object_question", pair.object_question, "show", pair.object),
        ("element_question", pair.element_question, "show", pair.element),
        ("absence_question", pair.absence_question, "lack", pair.element),
    )
    for name, question, verb, noun in asked:
        yield from _question(name, question, verb, noun)
    shown, lacked = noun_phrase(pair.element_question), noun_phrase(pair.absence_question)
    if shown and lacked and shown != lacked:
        yield f"the element is {shown!r} in one question and {lacked!r} in the other; ask of the same"


def noun_phrase(question: str) -> str | None:
    """Return what a question asks about, with its article; ``None`` where it has another form."""
    found = _QUESTION.fullmatch(question)
    return found[2] if found else None


def _question(name: str, question: str, verb: str, noun: str) -> Iterator[str]:
    """One question: its form, the noun in it, and the noun's article."""
    found = _QUESTION.fullmatch(question)
    if not found or found[1] != verb:
        wanted = presence_question(with_article(noun) or "NP", "present" if verb == "show" else "absent")
        yield f"{name} is {question!r}; write {wanted!r}"
        return
    phrase = found[2]
    last = (words(noun) or [""])[-1]
    if last not in words(phrase):
        yield f"{name} asks about {phrase!r}, which does not hold {last!r}; name it as in the pair"
    fault = phrase_fault(phrase)
    if fault:
        yield f"{name} asks about {phrase!r}; {fault}"


def phrase_fault(phrase: str) -> str | None:
    """Return what is wrong with the article of a noun phrase that a question asks about, or ``None``."""
    first, _, rest = phrase.partition(" ")
    if first.lower() not in DETERMINERS:
        wanted = with_article(phrase)
        added = wanted.removesuffix(phrase).strip()
        return (
            None
            if wanted == phrase
            else f"put {added!r} before it, or add a mass noun to negjudge.data.nouns"
        )
    if first == "the" and article(rest) == "the":
        return None
    if first not in ("a", "an"):
        return f"leave out {first!r}; only 'a' and 'an' go before it"
    if is_plural(rest):
        return f"it is plural; leave out {first!r}"
    if not is_countable(rest):
        return f"it cannot be counted; leave out {first!r}"
    return None if article(rest) == first else f"write {article(rest)!r}"


def _keep(pair: Pair) -> Iterator[str]:
    if not 1 <= len(pair.keep) <= MOST_KEPT:
        yield f"keep has {len(pair.keep)} parts; name one to {MOST_KEPT} that must stay"
    if len(pair.keep) != len(pair.keep_questions):
        yield f"{len(pair.keep)} parts to keep and {len(pair.keep_questions)} questions; ask one of each"
    for noun, question in zip(pair.keep, pair.keep_questions, strict=False):
        yield from _question("keep_questions", question, "show", noun)
    if len({same(noun) for noun in pair.keep}) < len(pair.keep):
        yield "keep names a part twice; leave one out"
    for noun in pair.keep:
        if same(noun) == same(pair.object):
            yield f"keep names the object, {noun!r}; name other parts"
        elif same(noun) == same(pair.element) or same(head(noun)) == same(head(pair.element)):
            yield f"keep names the element, {noun!r}; name parts that stay when it goes"
