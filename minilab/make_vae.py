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


class Thumbnails(nn.Module):
    """The encoder as the loop trains it: to make thumbnails, two by two of whose pixels are twelve channels.

    A flow is learnt far sooner on latents that look like pictures than on latents left to themselves
    (docs/experiments.md).
    """

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.encoder = vae.encoder

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the loss of pictures (n, 3, 64, 64) in [-1, 1]."""
        with torch.autocast(batch.device.type, torch.bfloat16):
            mean, logvar = self.encoder(batch).float().chunk(2, dim=1)
        spread = (logvar - 2 * math.log(SPREAD)).square().mean()
        return F.mse_loss(mean, F.pixel_unshuffle(F.avg_pool2d(batch, 2), 2)) + 0.1 * spread


class Drawing(nn.Module):
    """The decoder as the loop trains it, on the latents of a trained encoder."""

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.decoder = vae.decoder

    def forward(self, latents: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        """Return the loss of latents (n, 12, 16, 16) and the pictures (n, 3, 64, 64) that they stand for.

        The error is absolute, not squared: of two possible pictures it asks for the likelier one, and not
        for their mean.
        """
        with torch.autocast(batch.device.type, torch.bfloat16):
            restored = self.decoder(latents.contiguous(memory_format=torch.channels_last))
        return F.l1_loss(restored.float(), batch)


def spoilt(latents: torch.Tensor, twins: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return latents (n, 12, 16, 16) with errors as guidance makes them, still nearest their own picture.

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


def make_vae(plans: tuple[Plan, Plan], seed: int = 0, folder: Path = BUILD / "vae") -> AutoencoderKL:
    """Train the encoder, then the decoder, and store the autoencoder, its latents scaled to unit variance."""
    scenes, rng, device = diet(PICTURES, seed), random.Random(seed), plans[0].device
    twins = [twin(scene, rng) for scene in scenes]
    data, others = (torch.from_numpy(pictures(some)).to(device) for some in (scenes, twins))
    torch.manual_seed(seed)
    vae = build_vae().to(memory_format=torch.channels_last)

    def drawn(step: int) -> tuple[torch.Tensor, torch.Generator]:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        return torch.randint(len(data), (BATCH,), generator=generator).to(device), generator

    thumbnails = Thumbnails(vae)
    vae.encoder = train(
        thumbnails,
        lambda step: thumbnails(_scaled(data[drawn(step)[0]])),
        folder / "encoder", plans[0], learning_rate=2e-3, averaging=0.98,
    ).encoder.to(device)  # fmt: skip
    latents, others_latents = _encoded(vae, data), _encoded(vae, others)
    drawing = Drawing(vae)

    def loss_of(step: int) -> torch.Tensor:
        rows, generator = drawn(step)
        wrong = spoilt(latents[rows].float(), others_latents[rows].float(), generator)
        loss: torch.Tensor = drawing(wrong, _scaled(data[rows]))
        return loss

    vae.decoder = train(
        drawing, loss_of, folder / "decoder", plans[1], learning_rate=2e-3, averaging=0.99
    ).decoder
    mean, size = latents.float().mean().item(), latents.float().std().item()
    vae.register_to_config(shift_factor=mean, scaling_factor=1 / size)
    vae.cpu().eval().save_pretrained(folder / "model")
    return vae


def _scaled(batch: torch.Tensor) -> torch.Tensor:
    return (batch.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def _encoded(vae: AutoencoderKL, data: torch.Tensor, batch: int = 256) -> torch.Tensor:
    """Return the latents' means (n, 12, 16, 16) of pictures of uint8, in half precision."""
    parts = data.split(batch)
    return torch.cat([vae.encode(_scaled(part)).latent_dist.mean.half() for part in parts])


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
    parser.add_argument("--steps-to-encode", type=int, default=200)
    parser.add_argument("--steps-to-draw", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args(argv)
    encode, draw = arguments.steps_to_encode, arguments.steps_to_draw
    plans = Plan(encode, device=arguments.device), Plan(draw, device=arguments.device)
    vae = make_vae(plans, arguments.seed)
    error = held_out_error(vae)
    print(f"autoencoder in {BUILD / 'vae/model'}; mean squared error {error:.5f} on held-out pictures")


if __name__ == "__main__":
    sys.exit(main())
