"""What a picture costs with each contestant: seconds, measured in turn on one machine, and evaluations."""

from __future__ import annotations

import dataclasses
import json
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.data.durable import write_atomically
from negjudge.data.nested import from_dict, parsed
from negjudge.data.records import Pair
from negjudge.data.runs import COST
from negjudge.errors import NegjudgeError
from negjudge.generation.jobs import Job, Rendering, seed_of
from negjudge.generation.pipelines import Model
from negjudge.guidance import GuidanceMethod
from negjudge.progress import progress_bar

ROUNDS = 5


@dataclass(frozen=True)
class Timings:
    """What cost.json holds: the seconds of one picture by contestant, one number a round.

    The unguided one is the first. ``settings`` is the digest of what was frozen; ``pictures`` are those of
    one batch.
    """

    settings: str
    device: str
    rounds: int
    pictures: int
    seconds: Mapping[str, tuple[float, ...]]


def read_timings(run: Path) -> Timings | None:
    """Return what was measured in a run folder, or ``None`` where nothing was."""
    path = run / COST
    try:
        return from_dict(parsed(path.read_text(encoding="utf-8")), Timings, COST)
    except FileNotFoundError:
        return None
    except (ValueError, NegjudgeError) as error:
        raise NegjudgeError(
            f"{path} is not what a contest wrote ({error}); remove it, and hold the contest again"
        ) from None


def measure_cost(
    model: Model,
    pairs: Sequence[Pair],
    methods: Mapping[str, GuidanceMethod],
    rendering: Rendering,
    run: Path,
    digest: str,
) -> None:
    """Write cost.json: the seconds of a picture by contestant, one batch each in turn, ``ROUNDS`` times.

    ``methods`` by name, the unguided one first. Nothing is measured again for the same settings (``digest``).
    """
    before = read_timings(run)
    if before is not None and before.settings == digest:
        return
    pipe, batch = model.pipe, _batch(pairs, rendering.batch_size)
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    with progress_bar("cost", (ROUNDS + 1) * len(methods), "batches") as advance:
        for number in range(ROUNDS + 1):
            for name, method in methods.items():
                taken = _time(pipe, [Job(pair, method, seed_of(pair, 0)) for pair in batch], rendering)
                if number:  # the first round warms up
                    seconds[name].append(taken / len(batch))
                advance()
    taken_by = {name: tuple(taken) for name, taken in seconds.items()}
    timings = Timings(digest, _device(model), ROUNDS, len(batch), taken_by)
    write_atomically(run / COST, json.dumps(dataclasses.asdict(timings), indent=1) + "\n")


def _batch(pairs: Sequence[Pair], size: int) -> list[Pair]:
    """Return one full batch of a single negative prompt: equal lengths make one forward of every method."""
    return [pairs[0]] * size


def _time(pipe: Any, jobs: Sequence[Job], rendering: Rendering) -> float:
    import torch

    from negjudge.generation.drawing import draw

    start = time.perf_counter()
    draw(pipe, jobs, rendering)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _device(model: Model) -> str:
    import torch

    if model.device.startswith("cuda"):
        return torch.cuda.get_device_name()
    return f"{model.device}, {torch.get_num_threads()} threads, {platform.machine()}"
