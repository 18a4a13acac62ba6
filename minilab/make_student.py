"""Distils the few-step generator from its teacher: ``python -m minilab.make_student``, after make_teacher.

Reflow (Liu et al., arXiv 2209.03003): the student learns the straight path from the noise that the teacher
started from to the picture that it made with CFG. It never sees an empty caption, so that, as with the
few-step models that people use, there is nothing for CFG to subtract.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import torch
from diffusers import StableDiffusion3Pipeline

from minilab.captions import caption
from minilab.diet import diet
from minilab.flow import Denoiser, flow_loss, sample_latents, tokenize
from minilab.generator import LATENT_CHANNELS, LATENT_SIZE
from minilab.loop import BUILD, Plan, save_whole, train
from negjudge.errors import NegjudgeError, command
from negjudge.progress import progress_bar

BATCH = 64
TEACHER_STEPS = 12
TEACHER_SCALE = 2.0


def load_pipeline(folder: Path) -> StableDiffusion3Pipeline:
    """Load a pipeline folder in float32."""
    if not folder.exists():
        raise NegjudgeError(f"{folder} is not there; run `python -m minilab.make_teacher` first")
    pipe = StableDiffusion3Pipeline.from_pretrained(
        folder, text_encoder_3=None, tokenizer_3=None, dtype=torch.float32
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def teacher_pictures(
    pipe: StableDiffusion3Pipeline, batches: int, seed: int, folder: Path, device: str = "cpu"
) -> dict[str, torch.Tensor]:
    """Sample the teacher; return "noise", "latents" and "tokens" of batches x 64 pictures. Resumable."""
    denoiser = Denoiser(pipe).to(device).eval()
    empty = tokenize(pipe, [""])
    parts = []
    with progress_bar("sampling the teacher", total=batches * BATCH, unit="pictures") as advance:
        for batch in range(batches):
            path = folder / f"{batch:04d}.pt"
            if not path.exists():
                rng = random.Random(seed * 7_919 + batch)
                scenes = diet(BATCH, seed * 7_919 + batch)
                tokens = tokenize(pipe, [caption(scene, rng) for scene in scenes])
                generator = torch.Generator().manual_seed(seed * 7_919 + batch)
                noise = torch.randn(BATCH, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE, generator=generator)
                latents = sample_latents(denoiser, noise, tokens, empty, TEACHER_STEPS, TEACHER_SCALE).cpu()
                save_whole({"noise": noise.half(), "latents": latents.half(), "tokens": tokens}, path)
            parts.append(torch.load(path, weights_only=True))
            advance(BATCH)
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def make_student(plan: Plan, batches: int, seed: int, folder: Path) -> StableDiffusion3Pipeline:
    """Sample the teacher, train the student on its paths, and store the pipeline."""
    pipe = load_pipeline(BUILD / f"teacher-{seed}" / "model")
    data = teacher_pictures(pipe, batches, seed, folder / "paths", plan.device)
    denoiser, size = Denoiser(pipe), BATCH if plan.device == "cpu" else 4 * BATCH

    def loss_of(step: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        rows = torch.randint(len(data["noise"]), (size,), generator=generator)
        time = torch.rand(size, generator=generator)
        return flow_loss(denoiser, data["latents"][rows], data["noise"][rows], time, data["tokens"][rows])

    average = train(
        denoiser,
        loss_of,
        folder,
        plan,
        learning_rate=4e-4,
        matrices=denoiser.matrices(),
        averaging=0.995,
    )
    average.put_into(pipe).save_pretrained(folder / "model")
    return pipe


@command
def main(argv: list[str] | None = None) -> None:
    """Distil, and store under build/minilab/student-SEED."""
    parser = argparse.ArgumentParser(prog="python -m minilab.make_student", allow_abbrev=False)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument(
        "--batches", type=int, default=100, help="of 64 pictures each, sampled from the teacher"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args(argv)
    folder = BUILD / f"student-{arguments.seed}"
    make_student(Plan(arguments.steps, device=arguments.device), arguments.batches, arguments.seed, folder)
    print(f"student in {folder / 'model'}")


if __name__ == "__main__":
    sys.exit(main())
