"""What a picture costs with each contestant: seconds, measured in turn on one machine, and evaluations."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from negjudge.data.durable import write_atomically
from negjudge.data.records import Pair
from negjudge.data.runs import COST
from negjudge.generation.jobs import Job, Rendering, seed_of
from negjudge.generation.pipelines import Model
from negjudge.guidance import GuidanceMethod
from negjudge.progress import progress_bar

ROUNDS = 5


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
    path = run / COST
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("settings") == digest:
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
    content = {"settings": digest, "device": _device(model), "rounds": ROUNDS, "pictures": len(batch)}
    write_atomically(path, json.dumps({**content, "seconds": seconds}, indent=1) + "\n")


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
