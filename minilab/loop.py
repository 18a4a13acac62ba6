"""A training loop that survives being killed: checkpoints under build/, a log of losses, weights averaged."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from negjudge.progress import progress_bar

BUILD = Path("build/minilab")
WARM_UP = 100
MUON_RATE = 2e-3

Trained = TypeVar("Trained", bound=nn.Module)


@dataclass(frozen=True)
class Plan:
    """How long a training goes on, and on what.

    With ``minutes`` it ends when they are over, and the learning rate falls with the time that is gone: a
    run then depends on the machine. Without, it ends after ``steps``, and equal seeds give equal weights.
    """

    steps: int
    minutes: float | None = None
    device: str = "cpu"
    save_every: int = 100

    def share(self, step: int, seconds: float) -> float:
        """Return the share of the training that is over, 1 at its end."""
        by_steps = step / self.steps
        return by_steps if self.minutes is None else seconds / (60 * self.minutes)


def train(
    module: Trained,
    loss_of: Callable[[int], torch.Tensor],
    folder: Path,
    plan: Plan,
    *,
    learning_rate: float,
    matrices: Sequence[nn.Parameter] = (),
    averaging: float = 0.998,
    weight_decay: float = 0.01,
) -> Trained:
    """Train on the plan's device and return the exponential moving average of the weights, on the CPU.

    ``loss_of(step)`` returns the loss of one batch and must depend on nothing but the step and the weights,
    so that a resumed run is the unbroken one. The learning rate warms up, then falls as a cosine. Muon moves
    the ``matrices``, AdamW everything else. Gradients, but not the loss, are kept in float32.
    """
    module.to(plan.device).train()
    optimizers = _optimizers(module, matrices, learning_rate, weight_decay)
    average = copy.deepcopy(module).requires_grad_(False)
    state: dict[str, Any] = {"module": module, "average": average}
    state |= {type(optimizer).__name__: optimizer for optimizer in optimizers}
    folder.mkdir(parents=True, exist_ok=True)
    step, before = _restore(folder / "checkpoint.pt", state, plan.device)
    rates = [learning_rate, MUON_RATE]
    began, losses = time.monotonic() - before, list[torch.Tensor]()
    with progress_bar(f"training {folder.name}", plan.steps, "steps", done=step) as advance:
        while (share := plan.share(step, time.monotonic() - began)) < 1:
            for optimizer, rate in zip(optimizers, rates, strict=False):
                optimizer.param_groups[0]["lr"] = rate * _schedule(step, share)
            loss = loss_of(step)
            loss.backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            _average(average, module, min(averaging, (step + 1) / (step + 10)))
            losses.append(loss.detach())
            step += 1
            advance(1)
            seconds = time.monotonic() - began
            if step % plan.save_every == 0 or plan.share(step, seconds) >= 1:
                mean = torch.stack(losses).mean().item()
                row = {"step": step, "loss": round(mean, 5), "seconds": round(seconds)}
                with open(folder / "log.jsonl", "a") as log:
                    log.write(json.dumps(row) + "\n")
                parts = {name: part.state_dict() for name, part in state.items()}
                save_whole({"step": step, "seconds": seconds, **parts}, folder / "checkpoint.pt")
                losses.clear()
    return average.cpu()


def _optimizers(
    module: nn.Module, matrices: Sequence[nn.Parameter], learning_rate: float, weight_decay: float
) -> list[torch.optim.Optimizer]:
    others = [weight for weight in module.parameters() if not any(weight is matrix for matrix in matrices)]
    adam = torch.optim.AdamW(others, lr=learning_rate, betas=(0.9, 0.98), weight_decay=weight_decay)
    if not matrices:
        return [adam]
    muon = torch.optim.Muon(matrices, lr=MUON_RATE, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
    return [adam, muon]


def _schedule(step: int, share: float) -> float:
    return min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


@torch.no_grad()
def _average(average: nn.Module, module: nn.Module, decay: float) -> None:
    pairs = zip(average.state_dict().values(), module.state_dict().values(), strict=True)
    mine, its = zip(*((a, b) for a, b in pairs if a.is_floating_point()), strict=True)
    torch._foreach_lerp_(list(mine), list(its), 1 - decay)


def _restore(path: Path, state: Mapping[str, Any], device: str) -> tuple[int, float]:
    """Return the steps done and the seconds that they took."""
    if not path.exists():
        return 0, 0.0
    saved = torch.load(path, weights_only=True, map_location=device)
    for name, part in state.items():
        part.load_state_dict(saved[name])
    return int(saved["step"]), float(saved["seconds"])


def save_whole(content: object, path: Path) -> None:
    """Store with ``torch.save``; a killed run leaves the old file, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    temporary.replace(path)
