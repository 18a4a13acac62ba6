"""What the world says of its pictures: some of the parts that are there, never that one is absent."""

from __future__ import annotations

import random

from minilab.render import Scene
from minilab.world import OBJECTS
from negjudge.data.questions import with_article

COLOUR_RATE = 0.5
PART_RATE = 0.6


def caption(scene: Scene, rng: random.Random) -> str:
    """Return one caption of a scene at random; a part shown alone is called by its own name."""
    if scene.alone:
        return " and ".join(sorted(scene.parts))
    name = scene.object if rng.random() >= COLOUR_RATE else f"{scene.colour} {scene.object}"
    named = [part for part in OBJECTS[scene.object].parts if part in scene.parts and rng.random() < PART_RATE]
    rng.shuffle(named)
    return with_article(name) + (f" with {enumeration(named)}" if named else "")


def enumeration(names: list[str]) -> str:
    """Return "x", "x and y" or "x, y and z"."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
