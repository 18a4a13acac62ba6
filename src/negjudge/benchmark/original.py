"""Pairs from the JSON of the original benchmark: prompt, missing element and two questions a row."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from negjudge.benchmark.rules import negation, noun_phrase, pair_id
from negjudge.data.nouns import DETERMINERS, holds, same
from negjudge.data.records import Pair
from negjudge.errors import NegjudgeError

COLUMNS = ("prompt", "missing_element", "question_1", "question_2")
_PLACE = r"(?: (?:in|on) (?:the|this) (?:image|picture|photo))?"
_ASKED = re.compile(
    rf"(?:(?:Is|Are) there (?P<noun>.+?){_PLACE}|Does (?:the|this) (?:image|picture|photo) (?:show|contain) "
    r"(?P<shown>.+?))\?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Imported:
    """The pairs of a file, and the rows that made none: their number from 1, and why."""

    pairs: tuple[Pair, ...]
    refused: tuple[str, ...]


def import_pairs(path: str | Path) -> Imported:
    """Read a JSON list of objects with the four columns; every row is a pair or is listed with a reason.

    The questions stay as they are: the first about the object, the second about the element, be it about its
    presence or, where it negates, its absence. Raises NegjudgeError where the file is no such list.
    """
    pairs: list[Pair] = []
    rows: dict[tuple[str, str], int] = {}
    ids = Counter[str]()
    refused = []
    for number, row in enumerate(_rows(path), start=1):
        try:
            pair = _pair(row)
            asked = same(pair.prompt), same(pair.element)
            if asked in rows:
                raise NegjudgeError(f"the same prompt and element as row {rows[asked]}; leave one out")
        except NegjudgeError as error:
            refused.append(f"row {number}: {error}")
            continue
        rows[asked] = number
        ids[pair.id] += 1
        again = f"-{ids[pair.id]}" if ids[pair.id] > 1 else ""
        pairs.append(replace(pair, id=pair.id + again))
    return Imported(tuple(pairs), tuple(refused))


def _rows(path: str | Path) -> list[Any]:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise NegjudgeError(f"{path} is missing; give the benchmark's JSON file") from None
    except UnicodeDecodeError:
        raise NegjudgeError(f"{path} is not UTF-8; save it so") from None
    except (ValueError, RecursionError):
        raise NegjudgeError(f"{path}: not valid JSON; repair it or fetch it again") from None
    if not isinstance(content, list) or not content:
        raise NegjudgeError(f"{path}: expected a JSON list of objects with {', '.join(COLUMNS)}")
    return content


def _pair(row: Any) -> Pair:
    """Return the pair of a row; NegjudgeError says why it cannot be used."""
    prompt, element, about_object, about_element = _texts(row)
    name, bare = _object(prompt, about_object), _bare(element)
    for column, text in (("prompt", prompt), ("missing_element", element)):
        if negation(text):
            raise NegjudgeError(f"{column} {text!r} negates with {negation(text)!r}; say what is there")
    if same(element) == same(name):
        raise NegjudgeError(f"the missing element {element!r} is the object; name something of it")
    if negation(about_object) or " lack " in about_object:
        raise NegjudgeError(f"question_1 {about_object!r} asks of absence; ask whether the object is there")
    if not holds(about_element, bare):
        raise NegjudgeError(f"question_2 {about_element!r} does not name {element!r}; ask about the element")
    absent = bool(negation(about_element))
    return Pair(
        id=pair_id(name, bare),
        object=name,
        element=bare,
        prompt=prompt,
        negative=bare,
        object_question=about_object,
        element_question="" if absent else about_element,
        absence_question=about_element if absent else _absence(about_element),
    )


def _texts(row: Any) -> tuple[str, ...]:
    if not isinstance(row, Mapping):
        raise NegjudgeError(f"expected an object, got {type(row).__name__}")
    for column in COLUMNS:
        if not isinstance(row.get(column), str) or not row[column].strip():
            raise NegjudgeError(f"{column} is missing or empty; give a text")
    return tuple(" ".join(row[column].split()) for column in COLUMNS)


def _object(prompt: str, question: str) -> str:
    """Return what the first question asks for, where the prompt names it; else the prompt itself."""
    asked = _ASKED.fullmatch(question)
    noun = _bare((asked["noun"] or asked["shown"]).strip()) if asked else ""
    if noun and holds(prompt, noun):
        return noun
    name = _bare(prompt.rstrip(".!"))
    if not name:
        raise NegjudgeError(f"prompt {prompt!r} names no object")
    return name


def _bare(phrase: str) -> str:
    """Return a noun phrase without the article before it."""
    first, _, rest = phrase.partition(" ")
    return rest if rest and first.lower() in DETERMINERS else phrase


def _absence(question: str) -> str:
    """Return the question's opposite where it is asked as ours are; else nothing, which asks none."""
    return question.replace(" show ", " lack ", 1) if noun_phrase(question) else ""
