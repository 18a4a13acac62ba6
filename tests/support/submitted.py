"""What a submission of the mini lab's test pairs holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from negjudge.data.splits import read_splits

SPLITS = read_splits("data/mini/splits.json")
TEST, DEV = SPLITS.methods["test"], SPLITS.methods["dev"]
Claims = dict[str, Any]
Rows = list[dict[str, Any]]


def claims_of(folder: Path) -> Claims:
    content: Claims = json.loads((folder / "submission.json").read_text())
    return content


def rows_of(folder: Path) -> Rows:
    return [json.loads(line) for line in (folder / "outcomes.jsonl").read_text().splitlines()]
