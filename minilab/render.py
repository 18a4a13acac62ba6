"""Scenes of PartWorld: drawing one at random as the world would, and rendering it."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass

from PIL import Image, ImageDraw

from minilab.shapes import SHADE_FACTOR, Shape, draw_shape
from minilab.world import BACKGROUNDS, COLOURS, OBJECTS
from negjudge.data.questions import with_article

SIZE = 64
SUPERSAMPLING = 4
JITTER = 3


@dataclass(frozen=True)
class Scene:
    """All that determines a render. ``alone`` shows the parts without the object that they belong to."""

    object: str
    parts: frozenset[str]
    colour: str = "red"
    background: int = 0
    shift: tuple[int, int] = (0, 0)
    alone: bool = False

    def shapes(self) -> list[Shape]:
        """Return the shapes from back to front."""
        thing = OBJECTS[self.object]
        present = [part for name, part in thing.parts.items() if name in self.parts]
        back = [shape for part in present for shape in part.back]
        front = [shape for part in present for shape in part.front]
        return back + ([] if self.alone else list(thing.body)) + front


def random_scene(rng: random.Random, object: str | None = None, part_rate: float | None = None) -> Scene:
    """Draw a scene as the world does; ``part_rate`` replaces each part's own rate."""
    name = object or rng.choice(sorted(OBJECTS))
    parts = {p for p, spec in OBJECTS[name].parts.items() if rng.random() < (part_rate or spec.rate)}
    return place(rng, name, parts)


def place(rng: random.Random, name: str, parts: Collection[str], alone: bool = False) -> Scene:
    """Give an object with these parts a colour, a background and a place at random."""
    shift = (rng.randint(-JITTER, JITTER), rng.randint(-JITTER, JITTER))
    colour = rng.choice(sorted(COLOURS))
    return Scene(name, frozenset(parts), colour, rng.randrange(len(BACKGROUNDS)), shift, alone)


def render_scene(scene: Scene) -> Image.Image:
    """Render a scene as an RGB picture of 64 by 64 pixels, smoothed by supersampling."""
    body = COLOURS[scene.colour]
    background = BACKGROUNDS[scene.background]
    red, green, blue = (round(channel * SHADE_FACTOR) for channel in body)
    named = {"body": body, "shade": (red, green, blue), "background": background}
    picture = Image.new("RGB", (SIZE * SUPERSAMPLING, SIZE * SUPERSAMPLING), background)
    draw = ImageDraw.Draw(picture)
    for shape in scene.shapes():
        colour = named[shape.colour] if isinstance(shape.colour, str) else shape.colour
        draw_shape(draw, shape, colour, scene.shift, SUPERSAMPLING)
    return picture.resize((SIZE, SIZE), Image.Resampling.BOX)


def render(object: str, parts: Collection[str], seed: int = 0) -> Image.Image:
    """Render an object with exactly these parts; the seed gives colour, background and place."""
    unknown = set(parts) - set(OBJECTS[object].parts)
    if unknown:
        raise ValueError(f"{with_article(object)} has no {', '.join(sorted(unknown))}")
    return render_scene(place(random.Random(seed), object, parts))
