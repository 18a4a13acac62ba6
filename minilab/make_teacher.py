"""Trains the many-step teacher of the tiny generator: ``python -m minilab.make_teacher``, after make_vae."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusion3Pipeline

from minilab.captions import caption
from minilab.diet import diet, pictures
from minilab.flow import Denoiser, encode_pictures, flow_loss, tokenize
from minilab.generator import build_pipeline
from minilab.loop import BUILD, Plan, save_whole, train
from minilab.render import Scene
from negjudge.errors import NegjudgeError, command

BATCH = 64  # on a GPU four times as many, which takes the same time
PICTURES = 20_000
DROPPED_CAPTIONS = 0.1  # so that the teacher knows the empty caption, which CFG subtracts
TIME_SHIFT = 0.5  # towards noise, where it is decided which object it will be


def load_vae() -> AutoencoderKL:
    """Load the trained autoencoder."""
    folder = BUILD / "vae" / "model"
    if not folder.exists():
        raise NegjudgeError(f"{folder} is not there; run `python -m minilab.make_vae` first")
    return AutoencoderKL.from_pretrained(folder).eval()


def make_teacher(plan: Plan, seed: int, folder: Path) -> StableDiffusion3Pipeline:
    """Train by flow matching on the world's pictures with dropped captions, and store the pipeline."""
    pipe = build_pipeline(seed)
    pipe.register_modules(vae=load_vae())
    scenes = diet(PICTURES, seed)
    latents = _latents(pipe.vae, scenes, folder / "latents.pt", plan.device)
    denoiser, size = Denoiser(pipe), BATCH if plan.device == "cpu" else 4 * BATCH

    def loss_of(step: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        rng = random.Random(seed * 1_000_003 + step)
        rows = torch.randint(len(latents), (size,), generator=generator)
        captions = ["" if rng.random() < DROPPED_CAPTIONS else caption(scenes[row], rng) for row in rows]
        noise = torch.randn(size, *latents.shape[1:], generator=generator)
        time = torch.sigmoid(TIME_SHIFT + torch.randn(size, generator=generator))
        return flow_loss(denoiser, latents[rows], noise, time, tokenize(pipe, captions))

    average = train(denoiser, loss_of, folder, plan, learning_rate=6e-4, matrices=denoiser.matrices())
    average.put_into(pipe).save_pretrained(folder / "model")
    return pipe


def _latents(vae: AutoencoderKL, scenes: list[Scene], cache: Path, device: str) -> torch.Tensor:
    """Return the scenes' latents; the file keeps them for a resumed run, which has the same autoencoder."""
    if not cache.exists():
        save_whole(encode_pictures(vae.to(device), pictures(scenes)).cpu(), cache)
        vae.cpu()
    latents: torch.Tensor = torch.load(cache, weights_only=True)
    return latents


@command
def main(argv: list[str] | None = None) -> None:
    """Train, and store under build/minilab/teacher-SEED."""
    parser = argparse.ArgumentParser(prog="python -m minilab.make_teacher", allow_abbrev=False)
    parser.add_argument("--steps", type=int, default=3200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args(argv)
    folder = BUILD / f"teacher-{arguments.seed}"
    make_teacher(Plan(arguments.steps, device=arguments.device), arguments.seed, folder)
    print(f"teacher in {folder / 'model'}")


if __name__ == "__main__":
    sys.exit(main())
