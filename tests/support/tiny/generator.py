"""A real, tiny, untrained Stable Diffusion 3 in a folder, and a recipe that makes pictures with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from tiny import sd3

from negjudge.data.records import Pair, write_records
from negjudge.generation.jobs import Rendering

PARTS = {"bicycle": ("wheels", "seat", "rear basket"), "kettle": ("lid", "handle", "spout"), "cat": ("tail",)}
PAIRS = [
    Pair(f"{o}-{e.replace(' ', '-')}", o, e, f"a {o}", e, others=tuple(x for x in parts if x != e))
    for o, parts in PARTS.items()
    for e in parts
]
SETTINGS = {
    "cfg": {"scale": 3.0},
    "vsf": {"scale": 1.0, "offset": 0.5},
    "nag": {"phi": 4.0, "tau": 2.5, "alpha": 0.25},
    "nasa": {"scale": 0.2},
}
SIZE = 32
RENDERING = Rendering(
    steps=2, width=SIZE, height=SIZE, batch_size=4, arguments={"max_sequence_length": sd3.T5_LENGTH}
)


def save_pipeline(folder: Path) -> Path:
    """Save a pipeline of 32 by 32 pictures that knows the words of ``PAIRS``; return its folder."""
    words = sorted({word for pair in PAIRS for word in f"{pair.prompt} {pair.negative}".split()})
    sd3.build(t5=False, words=words).save_pretrained(folder)
    return folder


def recipe_values(folder: Path, model: Path) -> dict[str, Any]:
    """Write pairs, splits and settings into ``folder``, and return what a recipe of them says.

    There are three test pairs, two judge pairs, and a control.
    """
    ids = [pair.id for pair in PAIRS]
    splits = {
        "methods": {"dev": ids[3:5], "test": ids[:3]},
        "judge": {"train": ids[5:6], "validation": ids[6:], "seen": [], "new_object": [], "new_element": []},
        "strict": {"objects": [], "elements": []},
    }
    write_records(folder / "pairs.jsonl", PAIRS)
    (folder / "splits.json").write_text(json.dumps(splits))
    (folder / "settings.yaml").write_text(yaml.safe_dump(SETTINGS))
    return {
        "run": str(folder / "run"),
        "pairs": str(folder / "pairs.jsonl"),
        "splits": str(folder / "splits.json"),
        "settings": str(folder / "settings.yaml"),
        "model": str(model),
        "steps": RENDERING.steps,
        "width": RENDERING.width,
        "height": RENDERING.height,
        "batch_size": RENDERING.batch_size,
        "arguments": dict(RENDERING.arguments),
        "test": {"splits": ["methods/test"], "seeds": 3},
        "judge": {"splits": ["judge/train", "judge/validation"], "seeds": 1},
        "control": {"splits": ["methods/test"], "seeds": 1},
    }
