"""The benchmark's committed files, and pairs like its own to spoil."""

import json
from pathlib import Path

from negjudge.data.records import Pair, read_records

FOLDER = Path(__file__).resolve().parents[2] / "data/neggenbench"
DEV, TEST = (read_records(FOLDER / f"{part}.jsonl", Pair) for part in ("dev", "test"))


def rows(part):
    return [json.loads(line) for line in (FOLDER / f"{part}.jsonl").read_text().splitlines()]


def write(path, values):
    path.write_text("".join(json.dumps(row) + "\n" for row in values))
    return path


# A pair in good order that the benchmark does not hold: without rungs nobody would see a ladder.
LADDER = {
    "id": "ladder-rungs",
    "prompt": "a wooden ladder against a brick wall",
    "negative": "rungs",
    "object": "ladder",
    "element": "rungs",
    "essential": True,
    "category": "tools",
    "relation": "part",
    "why": "Two rails without steps between them are hardly a picture anyone has taken of a ladder.",
    "object_question": "Does this picture show a ladder?",
    "element_question": "Does this picture show rungs?",
    "absence_question": "Does this picture lack rungs?",
    "keep": ["brick wall", "side rails"],
    "keep_questions": ["Does this picture show a brick wall?", "Does this picture show side rails?"],
}


def named(object_, element, **changes):
    """A pair like the ladder's of other nouns."""
    texts = {name: LADDER[name].replace("ladder", object_).replace("rungs", element) for name in LADDER_TEXTS}
    return {**LADDER, **texts, **changes}


NOUNS = ("id", "prompt", "negative", "object", "element")
LADDER_TEXTS = (*NOUNS, "object_question", "element_question", "absence_question")
