"""The vocabulary in which PartWorld's objects are drawn: filled shapes on a canvas of 64 by 64 units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import ImageDraw

Colour = str | tuple[int, int, int]
Point = tuple[float, float]

INK = (45, 45, 55)
WHITE = (250, 250, 248)
GLASS = (160, 212, 245)
METAL = (140, 146, 158)
WOOD = (134, 92, 58)
DOOR = (104, 62, 40)
PINK = (225, 55, 105)
GOLD = (246, 200, 70)
ORANGE = (240, 125, 40)
HORN = (122, 108, 92)

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


def wheel(x: float, y: float, r: float) -> tuple[Shape, ...]:
    return disc(x, y, r, INK), disc(x, y, r * 0.42, METAL)


def lamp(x: float, y: float, r: float = 3.2) -> tuple[Shape, ...]:
    return disc(x, y, r, INK), disc(x, y, r * 0.66, GOLD)


def eye(x: float, y: float, r: float = 3.6) -> tuple[Shape, ...]:
    return disc(x, y, r, WHITE), disc(x, y + 0.4, r * 0.6, INK)


def pane(x0: float, y0: float, x1: float, y1: float) -> tuple[Shape, ...]:
    return box(x0, y0, x1, y1, INK, 1), box(x0 + 1.1, y0 + 1.1, x1 - 1.1, y1 - 1.1, GLASS)


def porthole(x: float, y: float, r: float) -> tuple[Shape, ...]:
    return disc(x, y, r, INK), disc(x, y, r * 0.68, GLASS)


def door(x0: float, y0: float, x1: float, y1: float) -> tuple[Shape, ...]:
    return box(x0, y0, x1, y1, DOOR, 1), disc(x1 - 2.4, (y0 + y1) / 2 + 1, 1.2, GOLD)


def flag(x: float, top: float, foot: float, reach: float = 13) -> tuple[Shape, ...]:
    cloth = polygon(PINK, (x, top), (x + reach, top + 4.5), (x, top + 9))
    return line(INK, 1.8, (x, top), (x, foot)), cloth


def steam(*xs: float, top: float, foot: float) -> tuple[Shape, ...]:
    step = (foot - top) / 3
    return tuple(
        line(METAL, 2.4, (x, foot), (x + 3, foot - step), (x - 1, foot - 2 * step), (x + 2, top)) for x in xs
    )


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
