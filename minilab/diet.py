"""The pictures that the tiny generator learns from, drawn once and kept under build/."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from minilab.render import SIZE, Scene, place, random_scene, render_scene
from minilab.world import OBJECTS

# A word that is seen alone has a meaning of its own that guidance can subtract (docs/experiments.md).
ALONE_RATE = 0.20
EMPTY_RATE = 0.10  # of the twins


def diet(count: int, seed: int) -> list[Scene]:
    """Return scenes of objects as the world draws them, and of single parts without their object."""
    rng = random.Random(seed)
    return [alone_scene(rng) if rng.random() < ALONE_RATE else random_scene(rng) for _ in range(count)]


def alone_scene(rng: random.Random) -> Scene:
    """Return one part alone, where it sits on one of the objects that have it."""
    part = rng.choice(sorted({p for thing in OBJECTS.values() for p in thing.parts}))
    owner = rng.choice([name for name, thing in sorted(OBJECTS.items()) if part in thing.parts])
    return place(rng, owner, {part}, alone=True)


def twin(scene: Scene, rng: random.Random) -> Scene:
    """Return the scene with one part more or less, or now and then without anything in it."""
    if scene.alone or rng.random() < EMPTY_RATE:
        return replace(scene, parts=frozenset(), alone=True)
    return replace(scene, parts=scene.parts ^ {rng.choice(sorted(OBJECTS[scene.object].parts))})


def pictures(scenes: list[Scene]) -> np.ndarray:
    """Render scenes into an array of uint8 (scenes, 3, 64, 64)."""
    array = np.empty((len(scenes), 3, SIZE, SIZE), np.uint8)
    for row, scene in zip(array, scenes, strict=True):
        row[:] = np.asarray(render_scene(scene)).transpose(2, 0, 1)
    return array
