"""What a picture costs with each contestant: seconds as they were measured, and denoiser evaluations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from negjudge.data.runs import COST
from negjudge.statistics.clusters import Interval
from negjudge.tuning.frozen import Frozen


@dataclass(frozen=True)
class CostRow:
    """A contestant's cost of one picture. ``ratio`` is to the unguided picture's seconds, round by round.

    The ratio's ends are the lowest and the highest round, not a confidence interval.
    """

    method: str
    evaluations: int
    seconds: float
    ratio: Interval


@dataclass(frozen=True)
class Cost:
    """The costs by contestant, and how they were measured: device, rounds, pictures in a round."""

    device: str
    rounds: int
    pictures: int
    rows: tuple[CostRow, ...]


def read_cost(run: Path, frozen: Frozen, steps: int) -> Cost | None:
    """Return what was measured for these settings; ``None`` where nothing was."""
    try:
        content = json.loads((run / COST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if content["settings"] != frozen.digest:
        return None
    seconds: Mapping[str, Sequence[float]] = content["seconds"]
    plain = next(iter(seconds.values()))
    rows = []
    for name, taken in seconds.items():
        ratios = [one / other for one, other in zip(taken, plain, strict=True)]
        ratio = Interval(median(ratios), min(ratios), max(ratios))
        rows.append(CostRow(name, steps * frozen.evaluations(name), median(taken), ratio))
    return Cost(content["device"], content["rounds"], content["pictures"], tuple(rows))
