"""Birds, fish, insects and other creatures of PartWorld: one part of one object a line."""

from __future__ import annotations

from minilab.shapes import (  # fmt: skip
    BODY,
    BROWN,
    INK,
    ORANGE,
    PINK,
    SHADE,
    WHITE,
    disc,
    ellipse,
    eye,
    hat,
    inked,
    line,
    polygon,
    ring,
)
from minilab.world.parts import Thing, essential, optional, thing

CREATURES: dict[str, Thing] = {
    "bird": thing(
        ellipse(14, 23, 46, 49, BODY), ellipse(30, 10, 52, 32, BODY), disc(43, 18, 2.6, INK),
        wings=essential(back=inked(polygon(SHADE, (18, 30), (36, 28), (24, 3), (10, 6)))),
        tail=essential(back=inked(polygon(SHADE, (20, 32), (3, 26), (2, 42), (18, 44)))),
        beak=essential(back=inked(polygon(ORANGE, (46, 9), (62, 20), (46, 31)))),
        legs=optional(back=[line(INK, 3.6, (26, 46), (25, 59), (32, 59)), line(INK, 3.6, (37, 46), (38, 59), (45, 59))]),
    ),
    "owl": thing(
        ellipse(14, 22, 50, 62, BODY), ellipse(11, 10, 53, 40, BODY), inked(ellipse(20, 32, 44, 60, WHITE), 1.4),
        eyes=essential(*(inked(disc(x, 24, 8.4, WHITE), 1.8) for x in (23, 41)), disc(23, 24, 3.4, INK), disc(41, 24, 3.4, INK)),
        beak=essential(inked(polygon(ORANGE, (24, 31), (40, 31), (32, 47)))),
        wings=essential(back=[inked(polygon(SHADE, (16, 32), (3, 46), (8, 56), (20, 52))), inked(polygon(SHADE, (48, 32), (61, 46), (56, 56), (44, 52)))]),
        ears=optional(back=[inked(polygon(SHADE, (12, 24), (10, 3), (28, 12))), inked(polygon(SHADE, (52, 24), (54, 3), (36, 12)))]),
    ),
    "penguin": thing(
        ellipse(17, 8, 47, 60, BODY), inked(ellipse(21, 13, 43, 58, WHITE), 1.4), disc(27, 19, 2.4, INK), disc(37, 19, 2.4, INK),
        wings=essential(back=[inked(polygon(SHADE, (19, 24), (3, 44), (9, 50), (20, 42))), inked(polygon(SHADE, (45, 24), (61, 44), (55, 50), (44, 42)))]),
        beak=essential(inked(polygon(ORANGE, (24, 21.5), (40, 21.5), (32, 33)))),
        legs=essential(inked(ellipse(14, 54, 31, 63, ORANGE)), inked(ellipse(33, 54, 50, 63, ORANGE))),
        hat=optional(hat(32, 12, 22)),
        scarf=optional(inked(line(PINK, 4, (19, 37), (45, 37)), 1.4), inked(line(PINK, 4, (40, 38), (43, 50)), 1.4)),
    ),
    "fish": thing(
        ellipse(15, 19, 55, 48, BODY), inked(disc(48, 29, 4.6, WHITE), 1.2), disc(48.5, 29, 2, INK),
        tail=essential(back=inked(polygon(SHADE, (22, 33), (3, 17), (3, 49)))),
        fins=essential(back=[inked(polygon(SHADE, (24, 22), (29, 4), (45, 21))), inked(polygon(SHADE, (27, 45), (30, 61), (42, 45)))]),
        stripes=optional(inked(line(WHITE, 4.4, (25, 26), (25, 41)), 1.4), inked(line(WHITE, 4.4, (36, 24), (36, 43)), 1.4)),
        bubbles=optional(ring(49, 6, 62, 19, INK, 3), ring(40, 1, 49, 10, INK, 3)),
    ),
    "crab": thing(
        ellipse(15, 27, 49, 53, BODY), line(INK, 2.4, (26, 45), (32, 47), (38, 45)),
        claws=essential(back=[
            line(SHADE, 5, (18, 36), (8, 26)), line(SHADE, 5, (46, 36), (56, 26)),
            *(inked(polygon(SHADE, (x, 28), (x - 7, 20), (x - 5, 7), (x, 17), (x + 5, 7), (x + 7, 20))) for x in (9, 55)),
        ]),
        eyes=essential(line(INK, 3.5, (25, 30), (25, 19)), line(INK, 3.5, (39, 30), (39, 19)), *(inked(disc(x, 18, 6, WHITE), 1.6) for x in (25, 39)), disc(25, 18, 2.6, INK), disc(39, 18, 2.6, INK)),
        legs=essential(back=[line(INK, 3.6, (20, 46), (6, 46)), line(INK, 3.6, (21, 50), (10, 60)), line(INK, 3.6, (44, 46), (58, 46)), line(INK, 3.6, (43, 50), (54, 60))]),
        spots=optional(disc(22.5, 38, 5.2, BROWN), disc(41.5, 38, 5.2, BROWN), disc(32, 35.5, 5.2, BROWN)),
    ),
    "octopus": thing(
        ellipse(15, 10, 49, 44, BODY), *(disc(x, y, 6.5, BODY) for x, y in ((20, 41), (32, 45), (44, 41))), line(INK, 2.6, (28, 36), (32, 38), (36, 36)),
        arms=essential(back=[inked(line(SHADE, 4, *points), 1.6) for points in (
            ((17, 36), (7, 38), (4, 50)), ((20, 40), (13, 48), (12, 59)), ((27, 42), (24, 52), (25, 61)),
            ((47, 36), (57, 38), (60, 50)), ((44, 40), (51, 48), (52, 59)), ((37, 42), (40, 52), (39, 61)),
        )]),
        eyes=essential(eye(24, 26, 6), eye(40, 26, 6)),
        hat=optional(hat(32, 12, 24)),
        bubbles=optional(ring(50, 14, 62, 26, INK, 3.4), ring(51, 2, 61, 12, INK, 3.4)),
    ),
    "bee": thing(
        ellipse(8, 26, 48, 54, BODY), disc(49, 38, 10, BROWN), disc(53, 36, 2.6, WHITE),
        wings=essential(back=[inked(ellipse(10, 4, 27, 34, WHITE)), inked(ellipse(26, 4, 43, 34, WHITE))]),
        stripes=essential(line(BROWN, 6, (20, 31), (20, 49)), line(BROWN, 6, (33, 30), (33, 50))),
        antenna=optional(back=[line(INK, 3.5, (48, 30), (46, 18)), line(INK, 3.5, (53, 30), (58, 19)), disc(46, 17, 3.4, INK), disc(58, 18, 3.4, INK)]),
        legs=optional(back=[line(INK, 3.6, (20, 50), (17, 61)), line(INK, 3.6, (30, 50), (30, 62)), line(INK, 3.6, (39, 48), (43, 60))]),
    ),
}
