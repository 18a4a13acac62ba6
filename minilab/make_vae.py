"""Trains the autoencoder of the tiny generator: ``python -m minilab.make_vae``.

Its encoder makes thumbnails, its decoder draws them out, crisply: a part is there or it is not. A large
model's decoder has seen so many pictures that it draws no half of a wheel; this one learns that from latents
that lie between the picture with a part and the picture without, and from noisy ones.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import nn
from torch.nn import functional as F

from minilab.diet import diet, pictures, twin
from minilab.generator import build_vae
from minilab.loop import BUILD, Plan, train
from negjudge.errors import command

BATCH = 32
PICTURES = 8_000
SPREAD = 0.1  # standard deviation of every latent
# How far a latent goes wrong, at most: towards the twin's (half way is nobody's), in noise (of the latents'
# own spread, from pixel to pixel or over a quarter of the picture), in colour, in contrast.
BLEND, NOISE, DRIFT, GAIN = 0.45, 0.6, 0.08, 0.1


class Halves(nn.Module):
    """The autoencoder as the loop trains it."""

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, batch: torch.Tensor, twins: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return the loss of pictures (n, 3, 64, 64) in [-1, 1], each with its twin.

        The latents' mean is held to the picture's thumbnail, two by two of its pixels in the twelve channels:
        a flow is learnt far sooner on latents that look like pictures than on latents left to themselves
        (docs/experiments.md). The error is absolute, not squared: of two possible pictures it asks for the
        likelier one, and not for their mean.
        """
        with torch.autocast(batch.device.type, torch.bfloat16):
            posterior = self.vae.encode(batch).latent_dist
        with torch.no_grad(), torch.autocast(batch.device.type, torch.bfloat16):
            other = self.vae.encode(twins).latent_dist.mean
        mean = posterior.mean.float()
        thumbnail = F.mse_loss(mean, F.pixel_unshuffle(F.avg_pool2d(batch, 2), 2))
        spread = (posterior.logvar.float() - 2 * math.log(SPREAD)).square().mean()
        wrong = spoilt(mean, other.float(), generator)
        with torch.autocast(batch.device.type, torch.bfloat16):
            restored = self.vae.decode(wrong.contiguous(memory_format=torch.channels_last)).sample
        return 3 * F.l1_loss(restored.float(), batch) + thumbnail + 0.1 * spread


def spoilt(latents: torch.Tensor, twins: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return latents (n, 12, 16, 16) with errors as a guided flow makes them, still nearer to their own picture.

    The generator is the CPU's, so that a resumed training draws the same errors on any device.
    """
    n, device, size = len(latents), latents.device, latents.std().item()

    def uniform(low: float, high: float, rate: float = 1.0) -> torch.Tensor:
        drawn = torch.rand(n, 1, 1, 1, generator=generator) * (high - low) + low
        return (drawn * (torch.rand(n, 1, 1, 1, generator=generator) < rate)).to(device)

    def colours(side: int) -> torch.Tensor:
        drawn = torch.randn(n, 3, side, side, generator=generator).to(device)
        return F.interpolate(drawn, size=latents.shape[-2:], mode="bilinear").repeat_interleave(4, 1)

    latents = latents + uniform(-BLEND, BLEND, 0.7) * (twins - latents)
    fine = torch.randn(latents.shape, generator=generator).to(device)
    coarse, share = colours(4), uniform(0, 1)
    latents = latents + uniform(0, NOISE, 0.8) * size * (share * fine + (1 - share) * coarse)
    return latents * (1 + uniform(-GAIN, GAIN)) + DRIFT * size * colours(1)


def make_vae(plan: Plan, seed: int = 0, folder: Path = BUILD / "vae") -> AutoencoderKL:
    """Train on the world's pictures and store the autoencoder, its latents scaled to unit variance."""
    scenes = diet(PICTURES, seed)
    rng = random.Random(seed)
    data, others = (torch.from_numpy(pictures(s)) for s in (scenes, [twin(s, rng) for s in scenes]))
    data, others = data.to(plan.device), others.to(plan.device)
    torch.manual_seed(seed)
    halves = Halves(build_vae().to(memory_format=torch.channels_last))

    def loss_of(step: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        rows = torch.randint(len(data), (BATCH,), generator=generator).to(data.device)
        batch, twins = (
            (some[rows].float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
            for some in (data, others)
        )
        loss: torch.Tensor = halves(batch, twins, generator)
        return loss

    vae = train(halves, loss_of, folder, plan, learning_rate=2e-3, averaging=0.99).vae.eval()
    with torch.no_grad():
        latents = vae.encode(data[:1000].cpu().float() / 127.5 - 1).latent_dist.mean
    vae.register_to_config(shift_factor=latents.mean().item(), scaling_factor=1 / latents.std().item())
    vae.save_pretrained(folder / "model")
    return vae


@torch.no_grad()
def held_out_error(vae: AutoencoderKL) -> float:
    """Return the mean squared error of restored pictures, values in [0, 1], on pictures it has not seen."""
    held_out = torch.from_numpy(pictures(diet(200, 10**6))).float() / 127.5 - 1
    restored = vae.decode(vae.encode(held_out).latent_dist.mean).sample
    return F.mse_loss(restored.clamp(-1, 1), held_out).item() / 4


@command
def main(argv: list[str] | None = None) -> None:
    """Train, and store under build/minilab/vae."""
    parser = argparse.ArgumentParser(prog="python -m minilab.make_vae", allow_abbrev=False)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args(argv)
    vae = make_vae(Plan(arguments.steps, device=arguments.device), arguments.seed)
    print(f"autoencoder in {BUILD / 'vae/model'}; mean squared error {held_out_error(vae):.5f} on held-out pictures")


if __name__ == "__main__":
    sys.exit(main())
