"""Stores the distilled generator under data/mini, in half precision, with the logs of what made it."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import StableDiffusion3Pipeline

from minilab.generator import build_tokenizer
from minilab.loop import BUILD
from minilab.make_student import load_pipeline
from negjudge.errors import command

GENERATOR = Path("data/mini/generator")


def publish(seed: int, build: Path = BUILD, folder: Path = GENERATOR) -> StableDiffusion3Pipeline:
    """Store the student and, under ``training/``, the losses and steps of its four trainings."""
    logs = {
        "encoder": build / "vae" / "encoder",
        "decoder": build / "vae" / "decoder",
        "teacher": build / f"teacher-{seed}",
        "student": build / f"student-{seed}",
    }
    pipe = load_pipeline(logs["student"] / "model").to(dtype=torch.float16)
    # Fresh ones: those in use remember the padding of their last call.
    pipe.register_modules(tokenizer=build_tokenizer(), tokenizer_2=build_tokenizer())
    for part in (pipe, pipe.transformer, pipe.vae):
        part.register_to_config(_name_or_path="negjudge/partworld")  # not the build folder
    pipe.save_pretrained(folder)
    for encoder in ("text_encoder", "text_encoder_2"):  # transformers would load them as they are stored
        config = folder / encoder / "config.json"
        config.write_text(config.read_text().replace('"dtype": "float16"', '"dtype": "float32"'))
    training = folder / "training"
    training.mkdir(exist_ok=True)
    for stale in training.glob("*.jsonl"):
        stale.unlink()
    steps = {}
    for name, made in logs.items():
        shutil.copyfile(made / "log.jsonl", training / f"{name}.jsonl")
        steps[name] = json.loads((made / "log.jsonl").read_text().splitlines()[-1])["step"]
    batches = len(list((logs["student"] / "paths").glob("*.pt")))
    commands = (
        f"make_vae --steps-to-encode {steps['encoder']} --steps-to-draw {steps['decoder']} --seed 0",
        f"make_teacher --steps {steps['teacher']} --seed {seed}",
        f"make_student --steps {steps['student']} --batches {batches} --seed {seed}",
        f"publish_generator --seed {seed}",
    )
    lines = "".join(f"python -m minilab.{line}\n" for line in commands)
    (training / "commands.txt").write_text(lines)
    return pipe


@command
def main(argv: list[str] | None = None) -> None:
    """Store the generator of one training seed."""
    parser = argparse.ArgumentParser(prog="python -m minilab.publish_generator", allow_abbrev=False)
    parser.add_argument("--seed", type=int, default=0)
    publish(parser.parse_args(argv).seed)
    size = sum(path.stat().st_size for path in GENERATOR.rglob("*") if path.is_file())
    print(f"generator in {GENERATOR}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
