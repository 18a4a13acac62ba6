"""Times of several calls from one run, and on a GPU their peak memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

WARM_UP = 2  # rounds that do not count


def measure(
    calls: Mapping[str, Callable[[], Any]], rounds: int, device: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Return each call's median seconds, and on a GPU the peak memory in GB, all of the process counted.

    Rounds alternate between the calls, so that a busy machine hits all alike.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    peaks: dict[str, float] = {}
    for number in range(WARM_UP + rounds):
        for name, call in calls.items():
            if device == "cuda":
                torch.cuda.reset_peak_memory_stats()
                torch.cuda.synchronize()
            start = time.perf_counter()
            call()
            if device == "cuda":
                torch.cuda.synchronize()
                peaks[name] = torch.cuda.max_memory_allocated() / 1e9
            if number >= WARM_UP:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}, peaks
