"""What a picture costs with each contestant: seconds as they were measured, and denoiser evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from negjudge.generation.cost import read_timings
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
    timings = read_timings(run)
    if timings is None or timings.settings != frozen.digest:
        return None
    plain = next(iter(timings.seconds.values()))
    rows = []
    for name, taken in timings.seconds.items():
        ratios = [one / other for one, other in zip(taken, plain, strict=True)]
        ratio = Interval(median(ratios), min(ratios), max(ratios))
        rows.append(CostRow(name, steps * frozen.evaluations(name), median(taken), ratio))
    return Cost(timings.device, timings.rounds, timings.pictures, tuple(rows))
