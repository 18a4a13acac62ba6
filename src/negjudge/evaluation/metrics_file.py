"""metrics.json: all figures of an evaluated run, as report and card read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from negjudge.errors import NegjudgeError
from negjudge.runs import METRICS

FORMAT = 1


def read_metrics(run: Path) -> dict[str, Any]:
    """Return what the evaluation wrote; NegjudgeError where it has not."""
    try:
        metrics = json.loads((run / METRICS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NegjudgeError(f"{run / METRICS} is missing; run `make eval` first") from None
    except ValueError:
        raise NegjudgeError(f"{run / METRICS} is not valid JSON; run `make eval` again") from None
    if not isinstance(metrics, dict) or metrics.get("format") != FORMAT:
        raise NegjudgeError(f"{run / METRICS} is of another version of negjudge; run `make eval` again")
    return metrics
