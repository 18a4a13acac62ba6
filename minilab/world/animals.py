"""Animals of PartWorld with four legs, or nearly: one part of one object a line."""

from __future__ import annotations

from minilab.shapes import (  # fmt: skip
    BODY,
    BROWN,
    GOLD,
    INK,
    ROSE,
    SHADE,
    WHITE,
    Shape,
    bow,
    box,
    disc,
    dome,
    ellipse,
    eye,
    hat,
    inked,
    line,
    polygon,
)
from minilab.world.parts import Thing, essential, optional, thing


def _legs(*xs: float, top: float = 39, foot: float = 59, width: float = 8) -> list[tuple[Shape, ...]]:
    return [inked(box(x, top, x + width, foot, SHADE), 1.8) for x in xs]


ANIMALS: dict[str, Thing] = {
    "cat": thing(
        ellipse(19, 33, 45, 62, BODY), ellipse(12, 10, 52, 39, BODY), polygon(INK, (29, 29), (35, 29), (32, 32.5)),
        ears=essential(back=[inked(polygon(SHADE, (13, 24), (12, 2), (30, 13))), inked(polygon(SHADE, (51, 24), (52, 2), (34, 13)))]),
        tail=essential(back=inked(line(SHADE, 4.5, (42, 57), (54, 55), (58, 46), (55, 36)))),
        eyes=essential(eye(23, 22, 6), eye(41, 22, 6)),
        collar=optional(inked(line(WHITE, 6, (22, 39), (42, 39)), 1.4), inked(disc(32, 44, 4.4, GOLD), 1.4)),
    ),
    "dog": thing(
        box(11, 29, 45, 45, BODY, 7), polygon(BODY, (34, 22), (50, 26), (45, 40), (32, 34)), ellipse(34, 5, 56, 28, BODY), box(48, 14, 62, 25, BODY, 4), disc(60, 16.5, 2.6, INK), disc(49, 12, 2.4, INK),
        ears=essential(ellipse(30, 4, 42, 27, BROWN)),
        tail=essential(back=inked(line(SHADE, 4.5, (15, 34), (7, 27), (5, 15)))),
        legs=essential(back=_legs(12, 22, 35)),
        collar=optional(inked(polygon(WHITE, (30, 27), (49, 25), (48, 34), (31, 36)), 1.6), inked(disc(44, 37, 5, GOLD), 1.6)),
        spots=optional(ellipse(11.5, 29.5, 24, 41, BROWN), ellipse(25, 34, 38, 45, BROWN)),
    ),
    "rabbit": thing(
        ellipse(14, 39, 50, 62, BODY), ellipse(18, 20, 46, 45, BODY), polygon(INK, (29, 36), (35, 36), (32, 39.5)),
        ears=essential(back=[inked(ellipse(18, 1, 30, 30, SHADE)), inked(ellipse(34, 1, 46, 30, SHADE))]),
        eyes=essential(eye(25, 29.5, 5.8), eye(39, 29.5, 5.8)),
        tail=optional(back=inked(disc(52, 50, 11, WHITE), 3)),
        bow=optional(bow(32, 49, 13)),
    ),
    "cow": thing(
        box(8, 23, 47, 44, BODY, 6), ellipse(41, 15, 59, 38, BODY), inked(ellipse(43, 28, 61, 40, ROSE), 1.6), disc(48, 21, 2.2, INK), disc(55, 21, 2.2, INK),
        horns=essential(back=[line(INK, 5, (46, 20), (40, 13), (42, 5)), line(INK, 5, (54, 20), (60, 13), (58, 5))]),
        legs=essential(back=_legs(10, 21, 35)),
        tail=essential(back=[inked(line(SHADE, 3, (11, 28), (4, 33), (4, 43)), 1.6), disc(4, 46, 4, INK)]),
        spots=optional(ellipse(10, 24.5, 23, 38, BROWN), ellipse(26, 29.5, 40, 43.5, BROWN)),
    ),
    "elephant": thing(
        ellipse(5, 16, 47, 48, BODY), ellipse(33, 12, 56, 38, BODY), disc(52, 22, 2.4, INK),
        trunk=essential(back=inked(line(SHADE, 6, (52, 29), (58, 38), (57, 52)))),
        ears=essential(inked(ellipse(28, 8, 46, 37, SHADE)), ellipse(32.5, 14, 41.5, 31, ROSE)),
        legs=essential(back=_legs(9, 21, 35, width=9)),
        tail=optional(back=[inked(line(SHADE, 3, (10, 26), (6, 31), (6, 41)), 1.6), disc(6, 44, 4.4, INK)]),
    ),
    "giraffe": thing(
        box(8, 33, 40, 46, BODY, 6), polygon(BODY, (29, 36), (39, 40), (52, 18), (44, 14)), ellipse(41, 11, 62, 24, BODY), disc(51, 16, 2.2, INK),
        horns=essential(back=[line(INK, 4, (46, 14), (44, 4)), line(INK, 4, (52, 14), (54, 4)), disc(44, 4, 3.4, INK), disc(54, 4, 3.4, INK)]),
        legs=essential(back=_legs(9, 19, 31, top=42, foot=62, width=7)),
        spots=optional(*(disc(x, y, 4, BROWN) for x, y in ((14, 39), (24, 37), (32, 42), (38, 32), (44, 22)))),
        tail=optional(back=[line(INK, 4, (10, 37), (5, 42), (5, 50)), disc(5, 53, 4, INK)]),
    ),
    "sheep": thing(
        *(disc(x, y, 9, BODY) for x, y in ((14, 30), (24, 24), (36, 24), (44, 32), (38, 40), (26, 41), (14, 39))), box(14, 25, 42, 42, BODY),
        ellipse(38, 21, 56, 43, BROWN), disc(43.5, 30, 2.6, WHITE), disc(50.5, 30, 2.6, WHITE),
        legs=essential(back=[box(14, 42, 21, 60, INK), box(25, 42, 32, 60, INK), box(36, 42, 43, 60, INK)]),
        ears=essential(inked(ellipse(24, 19, 41, 32, ROSE)), inked(ellipse(50, 19, 63, 32, ROSE))),
        horns=optional(back=[inked(horn, 1.6) for horn in (line(GOLD, 4, (43, 24), (37, 14), (42, 6)), line(GOLD, 4, (51, 24), (57, 14), (52, 6)))]),
        tail=optional(back=disc(7, 28, 9, BROWN)),
    ),
    "lion": thing(
        disc(32, 34, 18, BODY), inked(ellipse(22, 36, 42, 50, WHITE), 1.6), polygon(INK, (28, 36), (36, 36), (32, 41)),
        mane=essential(back=[disc(32 + 21 * x, 34 + 21 * y, 8, BROWN) for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7))]),
        eyes=essential(eye(24, 28, 5.8), eye(40, 28, 5.8)),
        ears=essential(back=[inked(disc(15, 14, 8, SHADE)), inked(disc(49, 14, 8, SHADE))]),
    ),
    "turtle": thing(
        dome(9, 17, 49, 46, BODY), ellipse(43, 28, 62, 44, BODY), disc(55, 34, 2.4, INK), box(9, 43, 49, 49, SHADE, 2),
        legs=essential(back=[inked(ellipse(15, 42, 27, 60, SHADE)), inked(ellipse(34, 42, 46, 60, SHADE))]),
        tail=optional(back=inked(polygon(SHADE, (16, 30), (4, 60), (21, 49)))),
        spots=optional(disc(18, 36, 5.4, BROWN), disc(29, 26, 5.4, BROWN), disc(39, 36, 5.4, BROWN)),
        hat=optional(hat(52, 27, 18)),
    ),
}
