"""Every render that PartWorld can make, as layers whose two free colours are solved for."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from minilab.render import JITTER, SIZE, SUPERSAMPLING, Scene
from minilab.shapes import SHADE_FACTOR, draw_shape
from minilab.world import OBJECTS

MARGIN = JITTER
STEPS = range(-JITTER, JITTER + 1)
SHIFTS = tuple(itertools.product(STEPS, STEPS))


@dataclass(frozen=True)
class Template:
    """An object with a set of parts, before colours and place; ``object`` is None for parts alone or nothing.

    A render is ``background * c0 + body * c1 + fixed`` for some colours c0 and c1, because the shade of a
    body is a fixed multiple of it. Arrays cover the picture and a margin for moving it: background and body
    (70, 70), fixed (70, 70, 3), values in [0, 1].
    """

    object: str | None
    parts: frozenset[str]
    background: np.ndarray
    body: np.ndarray
    fixed: np.ndarray

    def crop(self, shift: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return background, body and fixed of the picture with the object moved by (dx, dy) pixels."""
        x, y = window_corner(shift)
        window = slice(y, y + SIZE), slice(x, x + SIZE)
        return self.background[window], self.body[window], self.fixed[window]


def window_corner(shift: tuple[int, int]) -> tuple[int, int]:
    """Return x and y of the corner of the picture in a template's arrays, the object moved by (dx, dy)."""
    return MARGIN - shift[0], MARGIN - shift[1]


def all_templates() -> list[Template]:
    """Return every object with every subset of its parts, each part alone, and an empty picture."""
    whole = [template for name in OBJECTS for template in object_templates(name)]
    alone = [
        _template(Scene(name, frozenset([part]), alone=True))
        for name, thing in OBJECTS.items()
        for part in thing.parts
    ]
    return [*whole, *alone, _template(Scene("car", frozenset(), alone=True))]


def object_templates(name: str) -> list[Template]:
    """Return an object with every subset of its parts, from none to all."""
    parts = OBJECTS[name].parts
    subsets = [subset for count in range(len(parts) + 1) for subset in itertools.combinations(parts, count)]
    return [_template(Scene(name, frozenset(subset))) for subset in subsets]


def shrink(layer: np.ndarray, factor: int) -> np.ndarray:
    """Return a layer (h, w, ...) smaller by a factor, each pixel the mean of those that it stands for."""
    h, w = layer.shape[0] // factor, layer.shape[1] // factor
    whole = layer[: h * factor, : w * factor]
    small: np.ndarray = whole.reshape(h, factor, w, factor, *layer.shape[2:]).mean((1, 3))
    return small


def _template(scene: Scene) -> Template:
    background = _layer(scene, background=1.0, body=0.0, fixed=False)[..., 0]
    body = _layer(scene, background=0.0, body=1.0, fixed=False)[..., 0]
    fixed = _layer(scene, background=0.0, body=0.0, fixed=True)
    return Template(None if scene.alone else scene.object, scene.parts, background, body, fixed)


def _layer(scene: Scene, background: float, body: float, fixed: bool) -> np.ndarray:
    """Render with the other layers black; what remains is this layer's weight in every pixel."""
    grey = round(255 * background)
    named = {"background": grey, "body": round(255 * body), "shade": round(255 * body * SHADE_FACTOR)}
    extent = SIZE + 2 * MARGIN
    picture = Image.new("RGB", (extent * SUPERSAMPLING, extent * SUPERSAMPLING), (grey, grey, grey))
    draw = ImageDraw.Draw(picture)
    for shape in scene.shapes():
        if isinstance(shape.colour, str):
            value = named[shape.colour]
            colour = (value, value, value)
        else:
            colour = shape.colour if fixed else (0, 0, 0)
        draw_shape(draw, shape, colour, (MARGIN, MARGIN), SUPERSAMPLING)
    small = picture.resize((extent, extent), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255
