"""metrics.json: all figures of an evaluated run, as report and card read them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from negjudge.data.runs import EXTERNAL, JUDGE, LABELS, METRICS, SAMPLES
from negjudge.errors import NegjudgeError
from negjudge.judge.settings import FILE as SETTINGS

FORMAT = 4


def files_measured(run: Path) -> dict[str, str]:
    """Return the SHA-256 of the files whose change makes metrics.json stale, as far as they are there."""
    paths = [run / SAMPLES, run / EXTERNAL / SAMPLES, run / LABELS, run / JUDGE / SETTINGS]
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }


def read_metrics(run: Path) -> dict[str, Any]:
    """Return what the evaluation wrote; NegjudgeError where it has not, or wrote it of other files."""
    try:
        metrics = json.loads((run / METRICS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NegjudgeError(f"{run / METRICS} is missing; run `make eval` first") from None
    except ValueError:
        raise NegjudgeError(f"{run / METRICS} is not valid JSON; run `make eval` again") from None
    if not isinstance(metrics, dict) or metrics.get("format") != FORMAT:
        raise NegjudgeError(f"{run / METRICS} is of another version of negjudge; run `make eval` again")
    if metrics.get("provenance", {}).get("files", {}) != files_measured(run):
        raise NegjudgeError(f"{run / METRICS} is of other pictures, labels or judge; run `make eval` again")
    return metrics
