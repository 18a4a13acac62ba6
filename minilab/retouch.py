"""Renders as a generator would hand them over: through its autoencoder, with errors in the latents."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from minilab.publish_generator import GENERATOR

RETOUCHED_RATE = 0.5
LARGEST_ERROR = 0.8  # spread of the errors, in that of the latents; the oracle then finds a residual of 0.07


class Retoucher:
    """Passes some of a batch's pictures through the generator's autoencoder, which makes edges soft."""

    def __init__(self, folder: Path = GENERATOR / "vae") -> None:
        self.vae = AutoencoderKL.from_pretrained(folder, dtype=torch.float32).eval()

    @torch.no_grad()
    def __call__(self, pictures: Sequence[Image.Image], rng: random.Random) -> list[Image.Image]:
        """Return the pictures, each retouched or as it was."""
        chosen = [row for row in range(len(pictures)) if rng.random() < RETOUCHED_RATE]
        result = list(pictures)
        if not chosen:
            return result
        pixels = np.stack([np.asarray(pictures[row]) for row in chosen])
        latents = self.vae.encode(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1)
        errors = self._errors(len(chosen), rng)
        decoded = self.vae.decode(latents.latent_dist.mean + errors).sample
        drawn = ((decoded + 1) * 127.5).clamp(0, 255).round().byte().permute(0, 2, 3, 1).numpy()
        for row, picture in zip(chosen, drawn, strict=True):
            result[row] = Image.fromarray(picture)
        return result

    def _errors(self, count: int, rng: random.Random) -> torch.Tensor:
        """Return errors of the latents, smooth over their neighbours, each picture's of its own strength."""
        generator = torch.Generator().manual_seed(rng.getrandbits(32))
        shape = (count, self.vae.config.latent_channels, 16, 16)
        smooth = torch.nn.functional.avg_pool2d(torch.randn(shape, generator=generator), 3, 1, 1) * 3
        strength = torch.tensor([rng.uniform(0, LARGEST_ERROR) for _ in range(count)]).view(-1, 1, 1, 1)
        return strength / self.vae.config.scaling_factor * smooth
