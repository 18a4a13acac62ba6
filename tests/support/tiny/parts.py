"""What the tiny pipelines have in common: seeded building, wide random weights, a VAE."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch

Model = TypeVar("Model", bound=torch.nn.Module)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw weights from ``seed`` and leave torch's own generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@torch.no_grad()
def widened(model: Model) -> Model:
    """Random weights wide enough for text to move the picture by much more than rounding does."""
    for name, parameter in model.named_parameters():
        noise = torch.randn_like(parameter)
        if parameter.ndim > 1:
            parameter.copy_(0.2 * noise)
        else:
            # A norm's weight near 0 would make attention to all tokens the same.
            parameter.copy_(0.1 * noise + (1 if name.endswith("weight") else 0))
    return model.eval()


def image_vae(channels: int):
    """An AutoencoderKL that halves height and width."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=32,
        shift_factor=0.0,
    ).eval()


def finished(pipe: Any, dtype: torch.dtype) -> Any:
    """Without progress bars, every model in ``dtype``."""
    pipe.set_progress_bar_config(disable=True)
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            torch.nn.Module.to(part, dtype)  # diffusers' own logs a warning a model
    return pipe
