"""The pictures that the base judge learns from, made once: renders, retouched ones, regenerated ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from minilab.judge_diet import DAMAGED_RATE, Diet, damaged, training_scene
from minilab.loop import save_whole
from minilab.regenerate import Regenerator
from minilab.render import Scene, render_scene
from minilab.retouch import Retoucher
from negjudge.progress import progress_bar

CHUNK = 256
REGENERATED_RATE, RETOUCHED_RATE = 0.4, 0.3  # the rest are renders as they are
Looks = Callable[[Sequence[Image.Image], Sequence[Scene], random.Random], list[Image.Image]]


@dataclass(frozen=True)
class Pool:
    """Pictures (n, 64, 64, 3) of uint8, what each shows, and how far each is damaged, 0 to 4."""

    pictures: np.ndarray
    scenes: list[Scene]
    damage: list[int]

    def image(self, row: int) -> Image.Image:
        """Return a picture."""
        return Image.fromarray(self.pictures[row])


def make_pool(count: int, seed: int, diet: Diet, folder: Path, device: str) -> Pool:
    """Return ``count`` pictures, rounded up to whole chunks; those in the folder are not made again."""
    looks: tuple[Looks, Looks] | None = None
    pictures, scenes, damage = [], list[Scene](), list[int]()
    with progress_bar("pictures for the base judge", -(-count // CHUNK) * CHUNK, "pictures") as advance:
        for chunk in range(-(-count // CHUNK)):
            rng = random.Random(f"{seed}/pool/{chunk}")
            own = [training_scene(rng, diet) for _ in range(CHUNK)]
            levels = [rng.randrange(1, 5) if rng.random() < DAMAGED_RATE else 0 for _ in own]
            path = folder / f"{chunk:04d}.pt"
            if not path.exists():
                looks = looks or (Regenerator(device=device), Retoucher(device=device))
                made = _touched(own, rng, *looks)
                made = [damaged(*picture, rng) for picture in zip(made, levels, strict=True)]
                save_whole(torch.from_numpy(np.stack([np.asarray(picture) for picture in made])), path)
            pictures.append(torch.load(path, weights_only=True).numpy())
            scenes += own
            damage += levels
            advance(CHUNK)
    return Pool(np.concatenate(pictures), scenes, damage)


def _touched(
    scenes: Sequence[Scene],
    rng: random.Random,
    regenerate: Looks,
    retouch: Looks,
    batch: int = 32,
) -> list[Image.Image]:
    """Render the scenes and give some of them a generator's looks, a batch at a time."""
    pictures = [render_scene(scene) for scene in scenes]
    first, second = (round(rate * len(scenes)) for rate in (REGENERATED_RATE, RETOUCHED_RATE))
    for start in range(0, first, batch):
        rows = slice(start, min(start + batch, first))
        pictures[rows] = regenerate(pictures[rows], scenes[rows], rng)
    pictures[first : first + second] = retouch(
        pictures[first : first + second], scenes[first : first + second], rng
    )
    return pictures
