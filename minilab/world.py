"""PartWorld: which objects there are, which parts they have, and how each is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from minilab.shapes import (  # fmt: skip
    BODY,
    DOOR,
    GLASS,
    GOLD,
    HORN,
    INK,
    METAL,
    ORANGE,
    PINK,
    SHADE,
    WHITE,
    WOOD,
    Shape,
    box,
    disc,
    door,
    ellipse,
    eye,
    flag,
    lamp,
    line,
    pane,
    polygon,
    porthole,
    ring,
    steam,
    wheel,
)

ESSENTIAL_RATE = 0.93
OPTIONAL_RATE = 0.50


@dataclass(frozen=True)
class Part:
    """A removable part: whether it nearly always comes with the object, and what lies behind or before it."""

    essential: bool
    front: tuple[Shape, ...] = ()
    back: tuple[Shape, ...] = ()

    @property
    def rate(self) -> float:
        """How often the part is there in the world's pictures of its object."""
        return ESSENTIAL_RATE if self.essential else OPTIONAL_RATE


@dataclass(frozen=True)
class Thing:
    """An object: the shapes that are always there, and its parts by name."""

    body: tuple[Shape, ...]
    parts: dict[str, Part]


def _essential(*front: Shape, back: tuple[Shape, ...] = ()) -> Part:
    return Part(True, front, back)


def _optional(*front: Shape, back: tuple[Shape, ...] = ()) -> Part:
    return Part(False, front, back)


VEHICLES = {
    "car": Thing(
        (polygon(BODY, (6, 44), (6, 35), (15, 32), (22, 20), (43, 20), (51, 32), (58, 35), (58, 44)),),
        {
            "wheels": _essential(*wheel(18, 44, 7), *wheel(46, 44, 7)),
            "windows": _essential(
                polygon(GLASS, (19, 32), (24.5, 23.5), (31, 23.5), (31, 32)),
                polygon(GLASS, (34, 32), (34, 23.5), (41, 23.5), (46.5, 32)),
            ),
            "lights": _optional(*lamp(55, 38, 3.6), *lamp(9, 38, 3.6)),
            "antenna": _optional(back=(line(INK, 2, (40, 21), (47, 10)), disc(47, 10, 2.8, PINK))),
        },
    ),
    "bus": Thing(
        (box(6, 14, 58, 46, BODY, 5), box(6, 34, 58, 37, SHADE)),
        {
            "wheels": _essential(*wheel(17, 46, 6.5), *wheel(46, 46, 6.5)),
            "windows": _essential(*pane(9, 19, 19, 30), *pane(21, 19, 31, 30), *pane(33, 19, 43, 30)),
            "door": _essential(*door(46, 20, 55, 43)),
            "lights": _optional(*lamp(8, 41, 3.4), *lamp(57, 41, 3.4)),
        },
    ),
    "truck": Thing(
        (
            box(5, 16, 38, 45, BODY, 2),
            polygon(SHADE, (39, 26), (49, 26), (58, 35), (58, 45), (39, 45)),
        ),
        {
            "wheels": _essential(*wheel(15, 45, 6.5), *wheel(48, 45, 6.5)),
            "windows": _essential(polygon(GLASS, (42, 29), (48, 29), (54, 36), (42, 36))),
            "stripes": _optional(box(5, 21, 38, 25, WHITE), box(5, 30, 38, 34, WHITE)),
            "lights": _optional(*lamp(57, 40, 3.6), *lamp(6, 40, 3.6)),
        },
    ),
    "bicycle": Thing(
        (
            line(BODY, 3.2, (17, 42), (26, 25), (43, 25), (31, 42), (17, 42)),
            line(BODY, 3.2, (25, 22), (31, 42)),
            line(BODY, 3.2, (42, 22), (48, 42)),
        ),
        {
            "wheels": _essential(back=(ring(6, 31, 28, 53, INK, 3), ring(37, 31, 59, 53, INK, 3))),
            "seat": _essential(box(17, 17, 31, 22, INK, 2)),
            "handle": _essential(line(WOOD, 3.4, (43, 24), (41, 14), (34, 13))),
            "basket": _optional(polygon(GOLD, (47, 14), (61, 14), (59, 25), (49, 25)), line(WOOD, 1.4, (48, 19), (60, 19))),
        },
    ),
    "train": Thing(
        (box(20, 27, 58, 43, BODY, 3), box(6, 17, 26, 43, BODY), box(4, 12, 28, 18, SHADE, 2)),
        {
            "wheels": _essential(*wheel(12, 45, 5.5), *wheel(28, 45, 5.5), *wheel(50, 45, 5.5)),
            "windows": _essential(*pane(9, 20, 22, 31)),
            "chimney": _essential(back=(polygon(INK, (44, 28), (44, 20), (40, 11), (54, 11), (50, 20), (50, 28)),)),
            "lights": _optional(*lamp(57, 34, 4)),
        },
    ),
    "boat": Thing(
        (line(WOOD, 2.4, (31, 41), (31, 9)), polygon(BODY, (5, 39), (59, 39), (49, 54), (15, 54))),
        {
            "sail": _essential(
                polygon(INK, (33, 12), (33, 38), (56, 38)), polygon(WHITE, (34.4, 17), (34.4, 36.6), (52.5, 36.6))
            ),
            "windows": _optional(*porthole(20, 46, 3.6), *porthole(32, 46, 3.6), *porthole(44, 46, 3.6)),
            "flag": _optional(polygon(PINK, (31, 7), (15, 12), (31, 17))),
        },
    ),
    "plane": Thing(
        (ellipse(5, 25, 59, 42, BODY),),
        {
            "wings": _essential(
                polygon(SHADE, (26, 35), (38, 35), (26, 57), (17, 57)),
                back=(polygon(SHADE, (28, 30), (39, 30), (29, 10), (21, 10)),),
            ),
            "tail": _essential(back=(polygon(SHADE, (7, 33), (3, 15), (12, 15), (20, 30)),)),
            "windows": _essential(*porthole(32, 31, 3), *porthole(40, 31, 3), *porthole(48, 32, 3)),
            "wheels": _optional(*wheel(47, 46, 4.5), *wheel(12, 45, 4.5)),
        },
    ),
    "helicopter": Thing(
        (ellipse(18, 20, 56, 47, BODY),),
        {
            "tail": _essential(back=(polygon(SHADE, (28, 29), (8, 27), (4, 18), (3, 33), (28, 39)),)),
            "rotor": _essential(line(INK, 2.4, (37, 22), (37, 13)), box(14, 10, 60, 14, INK, 2)),
            "windows": _essential(polygon(GLASS, (42, 24), (49, 26), (54, 35), (42, 35))),
            "legs": _optional(
                line(METAL, 2.4, (28, 45), (26, 53)), line(METAL, 2.4, (45, 45), (47, 53)), line(METAL, 2.8, (18, 54), (55, 54))
            ),
        },
    ),
    "rocket": Thing(
        (polygon(BODY, (32, 4), (39, 13), (42, 26), (42, 47), (22, 47), (22, 26), (25, 13)),),
        {
            "wings": _essential(back=(polygon(SHADE, (23, 30), (9, 50), (23, 46)), polygon(SHADE, (41, 30), (55, 50), (41, 46)))),
            "windows": _essential(*porthole(32, 22, 5.5)),
            "stripes": _optional(box(22, 32, 42, 36, WHITE), box(22, 40, 42, 44, WHITE)),
            "flames": _optional(
                polygon(ORANGE, (23, 48), (41, 48), (37, 55), (32, 61), (27, 55)), polygon(GOLD, (28, 48), (36, 48), (32, 56))
            ),
        },
    ),
}

BUILDINGS = {
    "house": Thing(
        (box(11, 27, 53, 56, BODY),),
        {
            "roof": _essential(polygon(WOOD, (5, 29), (32, 8), (59, 29))),
            "door": _essential(*door(27, 38, 37, 56)),
            "windows": _essential(*pane(14, 33, 24, 43), *pane(40, 33, 50, 43)),
            "chimney": _optional(back=(box(42, 8, 50, 26, INK),)),
        },
    ),
    "castle": Thing(
        (
            box(16, 28, 48, 56, BODY), box(6, 22, 18, 56, BODY), box(46, 22, 58, 56, BODY),
            box(6, 17, 9.5, 23, SHADE), box(14.5, 17, 18, 23, SHADE), box(46, 17, 49.5, 23, SHADE), box(54.5, 17, 58, 23, SHADE),
            box(22, 24, 27, 29, SHADE), box(37, 24, 42, 29, SHADE),
        ),
        {
            "door": _essential(*door(26, 40, 38, 56)),
            "windows": _optional(*pane(8, 28, 16, 38), *pane(48, 28, 56, 38)),
            "flag": _essential(back=flag(32, 6, 28, 15)),
        },
    ),
    "tent": Thing(
        (polygon(BODY, (32, 14), (60, 54), (4, 54)),),
        {
            "door": _essential(polygon(DOOR, (32, 28), (42, 54), (22, 54))),
            "stripes": _optional(polygon(WHITE, (25, 24), (28, 20), (16, 54), (10, 54)), polygon(WHITE, (39, 24), (36, 20), (48, 54), (54, 54))),
            "flag": _optional(back=flag(32, 4, 16, 14)),
        },
    ),
    "lighthouse": Thing(
        (polygon(BODY, (23, 22), (41, 22), (46, 57), (18, 57)), box(20, 20, 44, 23.5, INK), polygon(SHADE, (22, 9), (32, 2), (42, 9))),
        {
            "lights": _essential(box(25, 9, 39, 20, INK), box(27, 10.5, 37, 19, GOLD)),
            "door": _essential(*door(27, 44, 37, 57)),
            "windows": _essential(*porthole(32, 32, 4.2)),
            "stripes": _optional(box(22.5, 24.5, 41.5, 27.5, WHITE), polygon(WHITE, (20.8, 37.5), (43.2, 37.5), (43.8, 41.5), (20.2, 41.5))),
        },
    ),
}

ANIMALS = {
    "cat": Thing(
        (ellipse(17, 31, 47, 59, BODY), ellipse(17, 11, 47, 37, BODY), polygon(INK, (29.5, 28), (34.5, 28), (32, 31))),
        {
            "ears": _essential(back=(polygon(SHADE, (18, 21), (17, 4), (31, 13)), polygon(SHADE, (46, 21), (47, 4), (33, 13)))),
            "tail": _essential(back=(line(SHADE, 5, (42, 55), (54, 53), (57, 44), (54, 36)),)),
            "eyes": _essential(*eye(25.5, 22), *eye(38.5, 22)),
            "collar": _optional(box(22, 34.5, 42, 38.5, PINK, 2), disc(32, 39.5, 2.6, GOLD)),
        },
    ),
    "dog": Thing(
        (
            box(12, 27, 44, 43, BODY, 7), ellipse(36, 10, 55, 32, BODY), box(48, 19, 61, 28, BODY, 4), disc(59.5, 21, 2, INK),
            disc(49, 18, 1.8, INK),
        ),
        {
            "ears": _essential(ellipse(35, 10, 43.5, 29, SHADE)),
            "tail": _essential(back=(line(SHADE, 4.6, (14, 31), (7, 25), (5, 15)),)),
            "legs": _essential(back=(box(14, 39, 20, 57, SHADE), box(22.5, 39, 28.5, 57, SHADE), box(36, 39, 42, 57, SHADE))),
            "collar": _optional(line(PINK, 4, (37, 31), (47, 35)), disc(45, 38.5, 2.4, GOLD)),
        },
    ),
    "rabbit": Thing(
        (ellipse(18, 38, 46, 61, BODY), ellipse(19, 20, 45, 44, BODY), polygon(INK, (30, 35), (34, 35), (32, 37.5))),
        {
            "ears": _essential(back=(ellipse(20, 2, 29.5, 28, SHADE), ellipse(34.5, 2, 44, 28, SHADE))),
            "eyes": _essential(*eye(26, 29.5), *eye(38, 29.5)),
            "tail": _optional(back=(disc(48, 53, 6.5, INK), disc(48, 53, 5.2, WHITE))),
        },
    ),
    "cow": Thing(
        (box(9, 23, 47, 43, BODY, 6), ellipse(42, 15, 58, 37, BODY), ellipse(45, 28, 60, 38, PINK), disc(49, 22, 1.8, INK)),
        {
            "horns": _essential(back=(line(HORN, 3.6, (46, 18), (42, 8)), line(HORN, 3.6, (54, 18), (58, 8)))),
            "legs": _essential(back=(box(11, 39, 17, 57, SHADE), box(20, 39, 26, 57, SHADE), box(38, 39, 44, 57, SHADE))),
            "tail": _essential(back=(line(SHADE, 3, (11, 27), (5, 32), (5, 41)), disc(5, 43, 3.4, SHADE))),
            "spots": _optional(ellipse(13, 26, 24, 36, WHITE), ellipse(29, 29, 39, 40, WHITE)),
        },
    ),
    "bird": Thing(
        (ellipse(15, 21, 46, 47, BODY), ellipse(34, 9, 54, 30, BODY), disc(47, 17, 2, INK)),
        {
            "wings": _essential(polygon(SHADE, (36, 27), (34, 40), (21, 41), (12, 37))),
            "tail": _essential(back=(polygon(SHADE, (21, 30), (4, 21), (3, 33), (18, 40)),)),
            "beak": _essential(back=(polygon(ORANGE, (51, 14), (63, 20), (51, 25)),)),
            "legs": _optional(back=(line(ORANGE, 2.6, (27, 44), (26, 57), (32, 57)), line(ORANGE, 2.6, (36, 44), (37, 57), (43, 57)))),
        },
    ),
    "fish": Thing(
        (ellipse(14, 20, 57, 46, BODY), disc(48, 30, 3.2, WHITE), disc(48.5, 30, 1.8, INK)),
        {
            "tail": _essential(back=(polygon(SHADE, (19, 33), (4, 20), (4, 46)),)),
            "fins": _essential(back=(polygon(SHADE, (25, 24), (30, 10), (44, 23)), polygon(SHADE, (28, 43), (31, 55), (42, 43)))),
            "stripes": _optional(line(WHITE, 3.6, (27, 25), (27, 41)), line(WHITE, 3.6, (36, 24), (36, 42))),
            "bubbles": _optional(ring(52, 11, 60, 19, METAL, 2), ring(54, 3, 60, 9, METAL, 1.8), disc(56, 15, 1.4, WHITE)),
        },
    ),
    "elephant": Thing(
        (ellipse(6, 17, 46, 47, BODY), ellipse(34, 13, 56, 37, BODY), disc(51, 22, 1.8, INK)),
        {
            "trunk": _essential(back=(line(SHADE, 6.5, (53, 29), (58, 38), (57, 49)),)),
            "ears": _essential(ellipse(33, 15, 47, 37, SHADE)),
            "legs": _essential(back=(box(10, 40, 18, 57, SHADE), box(21, 40, 29, 57, SHADE), box(36, 36, 44, 57, SHADE))),
            "tail": _optional(back=(line(SHADE, 2.8, (8, 28), (3, 36)), disc(3, 38, 2.8, SHADE))),
        },
    ),
}

HOUSEHOLD = {
    "mug": Thing(
        (box(12, 22, 42, 55, BODY, 4),),
        {
            "handle": _essential(back=(ring(32, 27, 57, 49, SHADE, 4.6),)),
            "stripes": _optional(box(12, 30, 42, 34.5, WHITE), box(12, 41, 42, 45.5, WHITE)),
            "steam": _optional(*steam(20, 32, top=5, foot=18)),
        },
    ),
    "teapot": Thing(
        (ellipse(14, 23, 48, 54, BODY), box(21, 50, 41, 56, SHADE, 2)),
        {
            "handle": _essential(back=(ring(2, 25, 26, 48, SHADE, 4.4),)),
            "lid": _essential(ellipse(20, 17, 42, 29, INK), disc(31, 14.5, 3.4, INK)),
            "spout": _essential(back=(polygon(SHADE, (42, 33), (56, 17), (62, 21), (45, 47)),)),
            "stripes": _optional(box(16, 33, 46, 36.5, WHITE), box(16, 41, 46, 44.5, WHITE)),
        },
    ),
    "pan": Thing(
        (box(5, 31, 43, 52, BODY, 5), box(4, 31, 44, 35, SHADE, 1)),
        {
            "handle": _essential(back=(box(40, 35, 62, 40.5, INK, 2),)),
            "lid": _essential(polygon(METAL, (5, 30.5), (9, 24), (17, 21), (31, 21), (39, 24), (43, 30.5)), disc(24, 18.5, 3.2, INK)),
            "steam": _optional(*steam(12, 34, top=4, foot=16)),
        },
    ),
    "suitcase": Thing(
        (box(8, 20, 56, 51, BODY, 5),),
        {
            "handle": _essential(back=(box(22, 9, 42, 24, INK, 3), box(26, 13, 38, 24, "background"))),
            "wheels": _essential(*wheel(16, 53, 5), *wheel(48, 53, 5)),
            "stripes": _optional(box(14, 20, 19, 51, WHITE), box(45, 20, 50, 51, WHITE)),
            "lock": _optional(box(27, 30, 37, 40, INK, 1), box(28.5, 31.5, 35.5, 38.5, GOLD)),
        },
    ),
    "chair": Thing(
        (box(12, 35, 52, 42, BODY, 2),),
        {
            "legs": _essential(back=(box(14, 40, 19, 60, WOOD), box(45, 40, 50, 60, WOOD))),
            "back": _essential(back=(box(14, 6, 50, 26, SHADE, 3), box(16, 20, 20, 36, SHADE), box(44, 20, 48, 36, SHADE))),
            "cushion": _optional(box(15, 29, 49, 36, PINK, 3)),
        },
    ),
    "clock": Thing(
        (disc(32, 34, 21, BODY), disc(32, 34, 15.5, WHITE)),
        {
            "hands": _essential(line(INK, 3, (32, 34), (32, 22)), line(INK, 3, (32, 34), (41, 39)), disc(32, 34, 2.4, INK)),
            "bells": _essential(back=(ellipse(9, 5, 27, 20, GOLD), ellipse(37, 5, 55, 20, GOLD), ring(9, 5, 27, 20, INK, 1.4), ring(37, 5, 55, 20, INK, 1.4))),
            "legs": _optional(back=(line(INK, 4, (20, 50), (14, 60)), line(INK, 4, (44, 50), (50, 60)))),
        },
    ),
    "cake": Thing(
        (box(10, 33, 54, 54, BODY, 3), box(10, 31, 54, 38, WHITE, 3), disc(16, 39, 3.4, WHITE), disc(27, 40, 3.4, WHITE), disc(38, 39, 3.4, WHITE), disc(48, 40, 3.4, WHITE)),
        {
            "candles": _essential(
                *(box(x, 17, x + 4, 32, METAL) for x in (17, 30, 43)), *(ellipse(x, 8, x + 4, 17, ORANGE) for x in (17, 30, 43))
            ),
            "cherries": _optional(disc(25.5, 29, 3.5, PINK), disc(38.5, 29, 3.5, PINK), disc(13, 29.5, 3.2, PINK), disc(51, 29.5, 3.2, PINK)),
            "plate": _optional(back=(ellipse(2, 49, 62, 60, METAL),)),
        },
    ),
    "robot": Thing(
        (box(18, 13, 46, 30, BODY, 3), box(27, 29, 37, 34, SHADE), box(17, 33, 47, 50, BODY, 3), box(25, 25, 39, 27.5, INK)),
        {
            "antenna": _essential(back=(line(INK, 2.2, (32, 14), (32, 6)), disc(32, 5, 3, PINK))),
            "eyes": _essential(*eye(25.5, 19.5), *eye(38.5, 19.5)),
            "arms": _essential(back=(box(7, 34, 15, 50, METAL, 3), box(49, 34, 57, 50, METAL, 3))),
            "legs": _essential(back=(box(20, 48, 28, 61, METAL), box(36, 48, 44, 61, METAL))),
            "buttons": _optional(disc(25, 41, 3, GOLD), disc(32, 41, 3, PINK), disc(39, 41, 3, WHITE)),
        },
    ),
}  # fmt: skip

OBJECTS: dict[str, Thing] = {**VEHICLES, **BUILDINGS, **ANIMALS, **HOUSEHOLD}
PARTS: tuple[str, ...] = tuple(sorted({part for thing in OBJECTS.values() for part in thing.parts}))

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (214, 62, 58),
    "blue": (58, 112, 205),
    "green": (66, 158, 84),
    "yellow": (236, 186, 40),
    "purple": (146, 84, 180),
    "orange": (232, 128, 52),
}
BACKGROUNDS: tuple[tuple[int, int, int], ...] = (
    (244, 242, 236), (206, 228, 240), (240, 228, 200), (212, 234, 214), (234, 216, 226),
)  # fmt: skip

# Words that captions, prompts and questions use besides the names. "without" is in no caption: the generator
# must not have learnt absence from words.
GLUE: tuple[str, ...] = ("a", "an", "and", "with", "without", "no", ",", "picture", "of", "the")


def words() -> list[str]:
    """Return the closed vocabulary of captions and prompts, sorted."""
    return sorted({*OBJECTS, *PARTS, *COLOURS, *GLUE})
