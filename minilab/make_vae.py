"""Trains the autoencoder of the tiny generator: ``python -m minilab.make_vae``, ten minutes on two cores."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch.nn import functional as F

from minilab.diet import diet, pictures
from minilab.generator import build_vae
from minilab.loop import train
from negjudge.errors import command

BUILD = Path("build/minilab")
BATCH = 32
SPREAD = 0.1  # standard deviation of every latent, so that the decoder forgives a flow's small errors


def loss_of_batch(vae: AutoencoderKL, batch: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Return the reconstruction error, with the latents held to a thumbnail and a fixed spread.

    The mean is held to the picture's thumbnail, two by two of its pixels in the twelve channels: a flow
    is learnt far sooner on latents that look like pictures than on latents left to themselves
    (docs/experiments.md). What the decoder learns is to draw sharp edges from it.

    ``batch`` is (pictures, 3, 64, 64) in [-1, 1]; ``noise`` has the latents' shape.
    """
    with torch.autocast("cpu", torch.bfloat16):
        posterior = vae.encode(batch).latent_dist
        restored = vae.decode(posterior.mean + posterior.std * noise).sample
    restored = restored.float()
    thumbnail = F.mse_loss(posterior.mean.float(), F.pixel_unshuffle(F.avg_pool2d(batch, 2), 2))
    spread = (posterior.logvar.float() - 2 * math.log(SPREAD)).square().mean()
    return F.l1_loss(restored, batch) + 2 * F.mse_loss(restored, batch) + thumbnail + 0.1 * spread


def make_vae(
    steps: int, seed: int = 0, pictures_seen: int = 8_000, folder: Path = BUILD / "vae"
) -> AutoencoderKL:
    """Train on the world's pictures and store the autoencoder, its latents scaled to unit variance."""
    data = torch.from_numpy(pictures(diet(pictures_seen, seed)))
    torch.manual_seed(seed)
    vae = build_vae().to(memory_format=torch.channels_last)

    def loss_of(step: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        rows = torch.randint(len(data), (BATCH,), generator=generator)
        batch = (data[rows].float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        noise = torch.randn(BATCH, vae.config.latent_channels, 16, 16, generator=generator)
        return loss_of_batch(vae, batch, noise)

    average = train(vae, loss_of, folder, steps=steps, learning_rate=2e-3, averaging=0.99)
    with torch.no_grad():
        latents = average.encode(data[:1000].float() / 127.5 - 1).latent_dist.mean
    average.register_to_config(shift_factor=latents.mean().item(), scaling_factor=1 / latents.std().item())
    average.save_pretrained(folder / "model")
    return average


@command
def main(argv: list[str] | None = None) -> None:
    """Train, and store under build/minilab/vae."""
    parser = argparse.ArgumentParser(prog="python -m minilab.make_vae", allow_abbrev=False)
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    vae = make_vae(arguments.steps, arguments.seed)
    held_out = torch.from_numpy(pictures(diet(200, 10**6))).float() / 127.5 - 1
    with torch.no_grad():
        restored = vae.decode(vae.encode(held_out).latent_dist.mean).sample
    error = F.mse_loss(restored.clamp(-1, 1), held_out).item() / 4
    print(
        f"autoencoder in {BUILD / 'vae/model'}; mean squared error {error:.5f} on held-out pictures in [0, 1]"
    )


if __name__ == "__main__":
    sys.exit(main())
