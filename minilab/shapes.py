"""The vocabulary in which PartWorld's objects are drawn: filled shapes on a canvas of 64 by 64 units."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from PIL import ImageDraw

Colour = str | tuple[int, int, int]
Point = tuple[float, float]

INK = (45, 45, 55)
WHITE = (250, 250, 248)
GLASS = (214, 238, 252)
METAL = (200, 204, 212)
WOOD = (134, 92, 58)
BROWN = (64, 36, 24)
LEAF = (24, 84, 58)
PINK = (225, 45, 105)
ROSE = (255, 190, 214)
GOLD = (255, 214, 84)
CREAM = (255, 246, 190)
ORANGE = (240, 125, 40)
SMOKE = (96, 102, 116)
EDGE = 2.0  # how wide the ink around a pale fill is: one pixel of the generator's latents

# "body" is the colour the scene gives the object, "shade" a darker tone of it.
BODY, SHADE = "body", "shade"
SHADE_FACTOR = 0.62


@dataclass(frozen=True)
class Shape:
    """One filled shape: its kind, the numbers that place it, its colour and a line's or ring's width."""

    kind: Literal["ellipse", "box", "polygon", "line", "ring"]
    points: tuple[Point, ...]
    colour: Colour
    width: float = 0.0
    radius: float = 0.0


def ellipse(x0: float, y0: float, x1: float, y1: float, colour: Colour) -> Shape:
    return Shape("ellipse", ((x0, y0), (x1, y1)), colour)


def box(x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0.0) -> Shape:
    return Shape("box", ((x0, y0), (x1, y1)), colour, radius=radius)


def polygon(colour: Colour, *points: Point) -> Shape:
    return Shape("polygon", points, colour)


def line(colour: Colour, width: float, *points: Point) -> Shape:
    return Shape("line", points, colour, width=width)


def ring(x0: float, y0: float, x1: float, y1: float, colour: Colour, width: float) -> Shape:
    return Shape("ring", ((x0, y0), (x1, y1)), colour, width=width)


def disc(x: float, y: float, r: float, colour: Colour) -> Shape:
    return ellipse(x - r, y - r, x + r, y + r, colour)


def dome(x0: float, y0: float, x1: float, y1: float, colour: Colour) -> Shape:
    """The upper half of an ellipse that stands on y1."""
    middle, half = (x0 + x1) / 2, (x1 - x0) / 2
    angles = [math.pi * step / 16 for step in range(17)]
    return polygon(colour, *((middle - half * math.cos(a), y1 - (y1 - y0) * math.sin(a)) for a in angles))


def inked(shape: Shape, edge: float = EDGE) -> tuple[Shape, ...]:
    """A shape with an ink edge, so that it stands out from whatever is behind it.

    The edge of an ellipse, box or ring lies within it; that of a polygon or a line half or wholly around it.
    """
    if shape.kind == "polygon":
        return shape, line(INK, edge, *shape.points, shape.points[0])
    if shape.kind == "line":
        return line(INK, shape.width + 2 * edge, *shape.points), shape
    (x0, y0), (x1, y1) = shape.points
    inner = (x0 + edge, y0 + edge), (x1 - edge, y1 - edge)
    width, radius = max(shape.width - 2 * edge, 0), max(shape.radius - edge, 0)
    return replace(shape, colour=INK), replace(shape, points=inner, width=width, radius=radius)


def wheel(x: float, y: float, r: float) -> tuple[Shape, ...]:
    return disc(x, y, r, INK), disc(x, y, r * 0.42, METAL)


def lamp(x: float, y: float, r: float = 5.8) -> tuple[Shape, ...]:
    return inked(disc(x, y, r, CREAM), 2.2)


def eye(x: float, y: float, r: float = 5) -> tuple[Shape, ...]:
    return disc(x, y, r, WHITE), disc(x, y + 0.4, r * 0.52, INK)


def pane(x0: float, y0: float, x1: float, y1: float) -> tuple[Shape, ...]:
    return inked(box(x0, y0, x1, y1, GLASS, 1), 1.3)


def porthole(x: float, y: float, r: float) -> tuple[Shape, ...]:
    return inked(disc(x, y, r, GLASS), 1.3)


def door(x0: float, y0: float, x1: float, y1: float) -> tuple[Shape, ...]:
    return box(x0, y0, x1, y1, BROWN, 1), disc(x1 - 3.2, (y0 + y1) / 2 + 1, 1.8, GOLD)


def flag(x: float, top: float, foot: float, reach: float = 15) -> tuple[Shape, ...]:
    cloth = polygon(PINK, (x, top), (x + reach, top + 5.5), (x, top + 11))
    return line(INK, 3.5, (x, top), (x, foot)), *inked(cloth, 1.6)


def hat(x: float, y: float, width: float = 18) -> tuple[Shape, ...]:
    """A top hat whose brim lies at y, round x."""
    half = width / 2
    crown = box(x - half * 0.62, y - 11, x + half * 0.62, y, INK, 1)
    band = box(x - half * 0.62, y - 5, x + half * 0.62, y - 2.5, PINK)
    return crown, band, box(x - half, y - 2.5, x + half, y + 1.5, INK, 1.5)


def bow(x: float, y: float, r: float = 9) -> tuple[Shape, ...]:
    """A bow tied at x, y, reaching r to both sides."""
    left = polygon(ROSE, (x, y), (x - r, y - r * 0.62), (x - r, y + r * 0.62))
    right = polygon(ROSE, (x, y), (x + r, y - r * 0.62), (x + r, y + r * 0.62))
    return *inked(left), *inked(right), disc(x, y, 2.8, INK)


def steam(*xs: float, top: float, foot: float) -> tuple[Shape, ...]:
    step = (foot - top) / 3
    return tuple(
        line(SMOKE, 4.5, (x, foot), (x + 3, foot - step), (x - 1, foot - 2 * step), (x + 2, top)) for x in xs
    )


def ladder(x0: float, x1: float, top: float, foot: float, rungs: int) -> tuple[Shape, ...]:
    """A ladder that lies: rails from x0 to x1 at top and foot."""
    step = (x1 - x0) / (rungs + 1)
    steps = [line(INK, 3, (x0 + step * n, top), (x0 + step * n, foot)) for n in range(1, rungs + 1)]
    return line(INK, 3.2, (x0, top), (x1, top)), line(INK, 3.2, (x0, foot), (x1, foot)), *steps


def draw_shape(
    draw: ImageDraw.ImageDraw, shape: Shape, colour: tuple[int, int, int], shift: Point, zoom: float
) -> None:
    """Draw one shape in a colour already resolved; ``shift`` in canvas units, ``zoom`` pixels a unit."""
    points = [((x + shift[0]) * zoom, (y + shift[1]) * zoom) for x, y in shape.points]
    if shape.kind == "polygon":
        draw.polygon(points, fill=colour)
    elif shape.kind == "ellipse":
        draw.ellipse(points, fill=colour)
    elif shape.kind == "ring":
        draw.ellipse(points, outline=colour, width=round(shape.width * zoom))
    elif shape.kind == "box":
        draw.rounded_rectangle(points, radius=shape.radius * zoom, fill=colour)
    else:
        draw.line(points, fill=colour, width=round(shape.width * zoom), joint="curve")
        radius = shape.width * zoom / 2
        for x, y in points:
            draw.ellipse([(x - radius, y - radius), (x + radius, y + radius)], fill=colour)
