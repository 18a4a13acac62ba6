"""A training loop that survives being killed: checkpoints under build/, a log of losses, weights averaged."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from negjudge.progress import progress_bar

WARM_UP = 100
MUON_RATE = 2e-3

Stateful = nn.Module | torch.optim.Optimizer
Trained = TypeVar("Trained", bound=nn.Module)


def train(
    module: Trained,
    loss_of: Callable[[int], torch.Tensor],
    folder: Path,
    *,
    steps: int,
    learning_rate: float,
    matrices: Sequence[nn.Parameter] = (),
    averaging: float = 0.998,
    save_every: int = 100,
    weight_decay: float = 0.01,
) -> Trained:
    """Train and return the exponential moving average of the weights.

    ``loss_of(step)`` returns the loss of one batch and must depend on nothing but the step and the weights,
    so that a resumed run is the unbroken one. The learning rate warms up, then falls as a cosine. Muon moves
    the ``matrices``, AdamW everything else.
    """
    others = [weight for weight in module.parameters() if not any(weight is matrix for matrix in matrices)]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(others, lr=learning_rate, betas=(0.9, 0.98), weight_decay=weight_decay)
    ]
    if matrices:
        optimizers.append(
            torch.optim.Muon(
                matrices, lr=MUON_RATE, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"
            )
        )
    rates = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
    average = copy.deepcopy(module).requires_grad_(False)
    state: dict[str, Stateful] = {"module": module, "average": average}
    state |= {type(optimizer).__name__: optimizer for optimizer in optimizers}
    folder.mkdir(parents=True, exist_ok=True)
    start = _restore(folder / "checkpoint.pt", state)
    began, losses = time.monotonic(), []
    with progress_bar(f"training {folder.name}", total=steps, unit="steps", done=start) as advance:
        for step in range(start, steps):
            for optimizer, rate in zip(optimizers, rates, strict=True):
                optimizer.param_groups[0]["lr"] = rate * _schedule(step, steps)
            loss = loss_of(step)
            loss.backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            _average(average, module, min(averaging, (step + 1) / (step + 10)))
            losses.append(loss.item())
            advance(1)
            if (step + 1) % save_every == 0 or step + 1 == steps:
                row = {
                    "step": step + 1,
                    "loss": round(sum(losses) / len(losses), 5),
                    "seconds": round(time.monotonic() - began),
                }
                _log(folder / "log.jsonl", row)
                parts = {name: part.state_dict() for name, part in state.items()}
                save_whole({"step": step + 1, **parts}, folder / "checkpoint.pt")
                losses.clear()
    return average


def _schedule(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


@torch.no_grad()
def _average(average: nn.Module, module: nn.Module, decay: float) -> None:
    for mine, its in zip(average.state_dict().values(), module.state_dict().values(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(its, 1 - decay)


def _restore(path: Path, state: dict[str, Stateful]) -> int:
    if not path.exists():
        return 0
    saved = torch.load(path, weights_only=True)
    for name, part in state.items():
        part.load_state_dict(saved[name])
    return int(saved["step"])


def save_whole(content: object, path: Path) -> None:
    """Store with ``torch.save``; a killed run leaves the old file, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    temporary.replace(path)


def _log(path: Path, row: dict[str, float]) -> None:
    with open(path, "a") as file:
        file.write(json.dumps(row) + "\n")
