"""A small contest on a tiny pipeline: of CFG, VSF, and VSF with an offset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from tiny.generator import recipe_values

GENERATOR = ("model", "steps", "width", "height", "batch_size", "arguments")
SCALES = {"scale": [0, 6, 0.25]}
CONTESTANTS: dict[str, Any] = {
    "cfg": {"method": "cfg", "space": {"scale": [1.5, 9, 0.5]}},
    "vsf": {"method": "vsf", "space": SCALES},
    "VSF with offset": {"method": "vsf", "space": SCALES, "fixed": {"offset": 1.0}},
}


def write_contest(folder: Path, model: Path, **changes: Any) -> Path:
    """Write a contest's recipe and what it names into a folder; its run is ``folder``/contest."""
    made = recipe_values(folder, model)
    values = {key: made[key] for key in ("pairs", "splits")} | {
        "run": str(folder / "contest"),
        "generator": {key: made[key] for key in GENERATOR},
        "contestants": CONTESTANTS,
        "trials": 3,
        "dev_seeds": 2,
        "test_seeds": 3,
        "frontier": 2,
        "frontier_seeds": 2,
        "control_seeds": 1,
        "matched": [{"measure": "kept", "at": 0.9}],
        "reader": "colours:read_bicycles",
        "draws": 40,
        "note": "A test.",
        "card": {"licence": "apache-2.0"},
    }
    path = folder / "contest.yaml"
    path.write_text(yaml.safe_dump(values | changes, sort_keys=False))
    return path
