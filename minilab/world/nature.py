"""Plants and sweets of PartWorld: one part of one object a line."""

from __future__ import annotations

from minilab.shapes import (  # fmt: skip
    BODY,
    BROWN,
    GOLD,
    INK,
    LEAF,
    PINK,
    SHADE,
    WHITE,
    WOOD,
    box,
    disc,
    dome,
    door,
    ellipse,
    hat,
    inked,
    line,
    polygon,
)
from minilab.world.parts import Thing, essential, optional, thing

NATURE: dict[str, Thing] = {
    "cactus": thing(
        box(25, 13, 39, 54, BODY, 7), line(SHADE, 2, (29.5, 18), (29.5, 52)), line(SHADE, 2, (34.5, 18), (34.5, 52)),
        arms=essential(back=[inked(line(SHADE, 6, (26, 38), (10, 36), (10, 21))), inked(line(SHADE, 6, (38, 32), (54, 30), (54, 15)))]),
        pot=essential(inked(polygon(WOOD, (15, 48), (49, 48), (44, 61), (20, 61)))),
        hat=optional(hat(32, 15, 30)),
    ),
    "flower": thing(
        *(disc(32 + 11 * x, 18 + 11 * y, 7.5, BODY) for x, y in ((1, 0), (-1, 0), (0.5, 0.87), (-0.5, 0.87), (0.5, -0.87), (-0.5, -0.87))), inked(disc(32, 18, 7.5, GOLD), 1.6),
        stem=essential(back=line(LEAF, 5, (32, 22), (32, 58))),
        leaves=essential(back=[inked(polygon(LEAF, (31, 50), (20, 49), (8, 36), (22, 38))), inked(polygon(LEAF, (33, 50), (44, 49), (56, 36), (42, 38)))]),
        pot=optional(inked(polygon(WOOD, (17, 50), (47, 50), (43, 62), (21, 62)))),
    ),
    "mushroom": thing(
        inked(box(20, 32, 44, 60, WHITE, 4)), dome(4, 6, 60, 36, BODY),
        spots=essential(inked(disc(32, 17, 7, WHITE), 1.4), inked(disc(15, 27, 6, WHITE), 1.4), inked(disc(49, 27, 6, WHITE), 1.4)),
        door=optional(door(25, 41, 39, 60)),
        chimney=optional(back=[box(44, 3, 54, 24, INK)]),
    ),
    "pumpkin": thing(
        ellipse(5, 20, 33, 58, BODY), ellipse(31, 20, 59, 58, BODY), ellipse(18, 18, 46, 60, BODY), line(SHADE, 2, (19, 23), (19, 56)), line(SHADE, 2, (45, 23), (45, 56)),
        stem=essential(back=polygon(LEAF, (27, 22), (27, 9), (34, 4), (38, 9), (37, 22))),
        leaves=optional(inked(polygon(LEAF, (37, 20), (44, 8), (58, 8), (56, 20), (44, 23)))),
        eyes=essential(inked(polygon(GOLD, (12, 38), (21, 24), (30, 38))), inked(polygon(GOLD, (34, 38), (43, 24), (52, 38)))),
        mouth=essential(polygon(INK, (10, 42), (54, 42), (45, 55), (38, 49), (32, 56), (26, 49), (19, 55))),
    ),
    "cupcake": thing(
        polygon(SHADE, (14, 38), (50, 38), (44, 61), (20, 61)), dome(9, 12, 55, 40, BODY), disc(14, 36, 6, BODY), disc(50, 36, 6, BODY),
        stripes=essential(inked(polygon(WHITE, (18, 40), (26, 40), (27.5, 60), (23, 60)), 1.6), inked(polygon(WHITE, (38, 40), (46, 40), (41, 60), (36.5, 60)), 1.6)),
        spots=optional(*(disc(x, y, 4.4, BROWN) for x, y in ((22, 27), (33, 21), (43, 28), (31, 33)))),
        cherries=essential(inked(disc(26, 11, 6.4, PINK), 1.6), inked(disc(38, 11, 6.4, PINK), 1.6)),
    ),
}
