"""Buildings of PartWorld: one part of one object a line."""

from __future__ import annotations

from minilab.shapes import (  # fmt: skip
    BODY,
    BROWN,
    GOLD,
    INK,
    SHADE,
    WHITE,
    box,
    disc,
    dome,
    door,
    flag,
    inked,
    line,
    pane,
    polygon,
    porthole,
)
from minilab.world.parts import Thing, essential, optional, thing

BUILDINGS: dict[str, Thing] = {
    "house": thing(
        polygon(BODY, (9, 57), (9, 29), (32, 12), (55, 29), (55, 57)),
        roof=essential(inked(polygon(BROWN, (3, 31), (32, 6), (61, 31)))),
        door=essential(door(25, 37, 39, 57)),
        windows=essential(pane(11.5, 34, 23.5, 48), pane(40.5, 34, 52.5, 48)),
        chimney=optional(back=box(43, 3, 54, 28, INK)),
    ),
    "castle": thing(
        box(16, 28, 48, 57, BODY), box(5, 22, 19, 57, BODY), box(45, 22, 59, 57, BODY),
        *(box(x, 17, x + 4, 23, BODY) for x in (5, 10, 15, 45, 50, 55)), *(box(x, 24, x + 5, 29, BODY) for x in (22, 30, 38)),
        door=essential(dome(24, 35, 40, 46, BROWN), box(24, 45, 40, 57, BROWN), line(GOLD, 2, (32, 46), (32, 50))),
        windows=optional(pane(6.5, 27, 17.5, 43), pane(46.5, 27, 57.5, 43)),
        flag=essential(back=flag(32, 4, 28, 17)),
    ),
    "tent": thing(
        polygon(BODY, (32, 13), (61, 56), (3, 56)),
        stripes=optional(inked(polygon(WHITE, (25, 23), (28.5, 18), (18, 56), (9, 56)), 1.6), inked(polygon(WHITE, (39, 23), (35.5, 18), (46, 56), (55, 56)), 1.6)),
        door=essential(polygon(BROWN, (32, 25), (42, 56), (22, 56))),
        flag=optional(back=flag(32, 2, 16, 16)),
    ),
    "lighthouse": thing(
        polygon(BODY, (21, 22), (43, 22), (50, 59), (14, 59)), box(17, 20, 47, 24, INK), polygon(SHADE, (18, 9), (32, 1), (46, 9)),
        lights=essential(inked(box(22, 9, 42, 21, GOLD), 2.4)),
        stripes=optional(inked(polygon(WHITE, (17.6, 39.6), (46.4, 39.6), (47.4, 45), (16.6, 45)), 1.6), inked(polygon(WHITE, (15.9, 49), (48.1, 49), (49.3, 55), (14.7, 55)), 1.6)),
        windows=essential(pane(22, 25, 42, 39)),
        door=essential(door(24, 44, 40, 59)),
    ),
    "mill": thing(
        polygon(BODY, (23, 20), (41, 20), (51, 60), (13, 60)), dome(20, 8, 44, 21, SHADE),
        door=essential(door(24.5, 43, 39.5, 60)),
        rotor=essential(*(inked(line(WHITE, 4, (32, 20), end)) for end in ((10, 4), (54, 4), (10, 38), (54, 38))), disc(32, 20, 4, INK)),
        windows=optional(pane(22, 28, 42, 42.5)),
    ),
    "church": thing(
        box(22, 35, 61, 58, BODY), box(4, 24, 26, 58, BODY),
        roof=essential(inked(polygon(BROWN, (2, 25), (15, 2), (28, 25))), inked(polygon(BROWN, (25, 35), (31, 23), (57, 23), (63, 35)))),
        door=essential(door(7.5, 42, 22.5, 58)),
        windows=essential(pane(29, 39, 41, 53), pane(46, 39, 58, 53)),
        bells=optional(inked(dome(5, 25, 25, 41, WHITE), 1.4), dome(10.5, 29, 19.5, 36, INK), box(9, 35, 21, 37.5, INK)),
    ),
    "igloo": thing(
        dome(4, 19, 60, 57, BODY), line(SHADE, 1.6, (9, 43), (55, 43)), line(SHADE, 1.6, (15, 31), (49, 31)),
        line(SHADE, 1.6, (24, 31), (24, 43)), line(SHADE, 1.6, (40, 31), (40, 43)), line(SHADE, 1.6, (32, 20), (32, 31)),
        door=essential(dome(21, 33, 43, 57, BROWN)),
        windows=optional(porthole(13.5, 47, 6.6), porthole(50.5, 47, 6.6)),
        chimney=optional(back=[box(43, 10, 53, 34, INK), box(41, 9, 55, 14, INK, 1)]),
        flag=optional(back=flag(24, 4, 24, -16)),
    ),
}
