"""How good the generator is without guidance: objects kept, parts present, what "without" does.

``python -m minilab.unguided`` prints rates by the oracle and stores a sheet of 64 pictures and of 64 renders.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusion3Pipeline
from PIL import Image

from minilab.generator import TEXT_LENGTH
from minilab.make_student import load_pipeline
from minilab.oracle import Reading, load_oracle
from minilab.publish_generator import GENERATOR
from minilab.render import SIZE, random_scene, render_scene
from minilab.world import OBJECTS
from negjudge.data.questions import with_article
from negjudge.errors import command

BATCH = 64


def sample(
    pipe: StableDiffusion3Pipeline, prompts: list[str], seed: int, steps: int, scale: float = 0.0
) -> np.ndarray:
    """Return pictures (n, 64, 64, 3) in [0, 1]; equal seeds start equal rows from equal noise."""
    pictures = []
    for start in range(0, len(prompts), BATCH):
        batch = prompts[start : start + BATCH]
        generators = [torch.Generator().manual_seed(seed + start + row) for row in range(len(batch))]
        pictures.append(
            pipe(
                batch,
                num_inference_steps=steps,
                guidance_scale=scale,
                height=SIZE,
                width=SIZE,
                max_sequence_length=TEXT_LENGTH,
                generator=generators,
                output_type="np",
            ).images
        )
    return np.concatenate(pictures).astype(np.float32)


def read(pictures: np.ndarray) -> list[Reading]:
    """Read pictures with the oracle, a batch at a time."""
    oracle = load_oracle()
    return [
        r for start in range(0, len(pictures), BATCH) for r in oracle.read(pictures[start : start + BATCH])
    ]


def presence(prompts: list[tuple[str, str]], readings: list[Reading]) -> list[bool]:
    """Return whether each picture shows the part that its (prompt, part) names."""
    return [part in reading.parts for (_, part), reading in zip(prompts, readings, strict=True)]


def sheet(pictures: np.ndarray, columns: int = 8, zoom: int = 2) -> Image.Image:
    """Lay pictures out in a grid, enlarged."""
    rows = [np.concatenate(pictures[i : i + columns], 1) for i in range(0, len(pictures), columns)]
    grid = Image.fromarray((np.concatenate(rows, 0) * 255).round().astype(np.uint8))
    return grid.resize((grid.width * zoom, grid.height * zoom), Image.Resampling.NEAREST)


@command
def main(argv: list[str] | None = None) -> None:
    """Print the rates and store the sheets."""
    parser = argparse.ArgumentParser(prog="python -m minilab.unguided", allow_abbrev=False)
    parser.add_argument("--model", type=Path, default=GENERATOR)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--scale", type=float, default=0.0, help="of CFG, for the teacher")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("build/minilab"))
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    pipe = load_pipeline(arguments.model)

    prompts = [with_article(name) for name in OBJECTS for _ in range(arguments.seeds)]
    pictures = sample(pipe, prompts, 0, arguments.steps, arguments.scale)
    readings = read(pictures)
    objects = [name for name in OBJECTS for _ in range(arguments.seeds)]
    kept = [r.object == name for r, name in zip(readings, objects, strict=True)]
    print(f"object kept: {np.mean(kept):.3f} of {len(kept)} pictures")
    print(f"residual: median {np.median([r.residual for r in readings]):.3f}")
    for essential in (True, False):
        rates = [
            part in r.parts
            for r, name in zip(readings, objects, strict=True)
            for part, spec in OBJECTS[name].parts.items()
            if spec.essential == essential and r.object == name
        ]
        kind = "essential" if essential else "optional"
        print(f"{kind} parts present: {np.mean(rates):.3f} of {len(rates)}")
    worst = {
        name: np.mean(kept[i * arguments.seeds : (i + 1) * arguments.seeds]) for i, name in enumerate(OBJECTS)
    }
    print("least kept:", ", ".join(f"{n} {worst[n]:.2f}" for n in sorted(worst, key=worst.__getitem__)[:6]))

    pairs = [(n, p) for n, t in OBJECTS.items() for p, s in t.parts.items() if s.essential] * arguments.seeds
    plain = [(with_article(name), part) for name, part in pairs]
    without = [(f"{with_article(name)} without {part}", part) for name, part in pairs]
    shares = {
        kind: np.mean(
            presence(
                asked, read(sample(pipe, [p for p, _ in asked], 10**6, arguments.steps, arguments.scale))
            )
        )
        for kind, asked in (("X", plain), ("X without Y", without))
    }
    print(
        "presence of Y: "
        + ", ".join(f'"{kind}" {rate:.3f}' for kind, rate in shares.items())
        + f" ({len(pairs)} pictures each)"
    )

    rng = random.Random(0)
    order = rng.sample(range(len(pictures)), 64)
    renders = np.stack([np.asarray(render_scene(random_scene(rng)), np.float32) / 255 for _ in range(64)])
    for name, grid in (("unguided", pictures[order]), ("renders", renders)):
        path = arguments.out / f"sheet-{name}.png"
        sheet(grid).save(path)
        print(f"sheet in {path}")


if __name__ == "__main__":
    sys.exit(main())
