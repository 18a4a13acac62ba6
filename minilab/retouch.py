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
from minilab.render import Scene

LARGEST_ERROR = 0.8  # spread of the errors, in that of the latents


class Retoucher:
    """Passes pictures through the generator's autoencoder, with errors in between; what they show stays."""

    def __init__(self, folder: Path = GENERATOR / "vae", device: str = "cpu") -> None:
        self.vae = AutoencoderKL.from_pretrained(folder, dtype=torch.float32).eval().to(device)

    @torch.no_grad()
    def __call__(
        self, pictures: Sequence[Image.Image], scenes: Sequence[Scene], rng: random.Random
    ) -> list[Image.Image]:
        """Return the pictures retouched, each with errors of a strength of its own."""
        pixels = torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures]))
        latents = self.vae.encode(pixels.to(self.vae.device).permute(0, 3, 1, 2).float() / 127.5 - 1)
        mean = latents.latent_dist.mean
        decoded = self.vae.decode(mean + self._errors(len(pictures), rng).to(mean.device)).sample
        drawn = ((decoded + 1) * 127.5).clamp(0, 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return [Image.fromarray(picture) for picture in drawn]

    def _errors(self, count: int, rng: random.Random) -> torch.Tensor:
        """Return errors of the latents, smooth over their neighbours, each picture's of its own strength."""
        generator = torch.Generator().manual_seed(rng.getrandbits(32))
        shape = (count, self.vae.config.latent_channels, 16, 16)
        smooth = torch.nn.functional.avg_pool2d(torch.randn(shape, generator=generator), 3, 1, 1) * 3
        strength = torch.tensor([rng.uniform(0, LARGEST_ERROR) for _ in range(count)]).view(-1, 1, 1, 1)
        return strength / self.vae.config.scaling_factor * smooth
