"""Vehicles of PartWorld: one part of one object a line."""

from __future__ import annotations

from minilab.shapes import (  # fmt: skip
    BODY,
    GLASS,
    GOLD,
    INK,
    ORANGE,
    PINK,
    SHADE,
    WHITE,
    WOOD,
    box,
    disc,
    door,
    ellipse,
    flag,
    inked,
    ladder,
    lamp,
    line,
    pane,
    polygon,
    porthole,
    ring,
    wheel,
)
from minilab.world.parts import Thing, essential, optional, thing

VEHICLES: dict[str, Thing] = {
    "car": thing(
        polygon(BODY, (5, 45), (5, 34), (14, 32), (21, 17), (44, 17), (51, 32), (59, 34), (59, 45)),
        wheels=essential(wheel(18, 46, 8), wheel(46, 46, 8)),
        windows=essential(
            inked(polygon(GLASS, (18, 31.5), (24, 21), (31, 21), (31, 31.5))),
            inked(polygon(GLASS, (34.5, 31.5), (34.5, 21), (41.5, 21), (47.5, 31.5))),
        ),
        lights=optional(lamp(57, 38), lamp(7, 38)),
        antenna=optional(back=[line(INK, 3.5, (38, 18), (47, 6)), inked(disc(48, 6, 4.5, PINK), 1.4)]),
    ),
    "bus": thing(
        box(4, 11, 60, 46, BODY, 6), box(4, 33, 60, 36, SHADE),
        wheels=essential(wheel(17, 47, 8), wheel(47, 47, 8)),
        windows=essential(pane(8, 16, 18, 29), pane(20, 16, 30, 29), pane(32, 16, 42, 29)),
        door=essential(door(45, 16, 57, 40)),
        lights=optional(lamp(7, 39, 6.4), lamp(57, 39, 6.4)),
    ),
    "truck": thing(
        box(4, 16, 38, 46, BODY, 2), polygon(SHADE, (39, 25), (49, 25), (60, 36), (60, 46), (39, 46)),
        wheels=essential(wheel(15, 47, 8), wheel(48, 47, 8)),
        windows=essential(inked(polygon(GLASS, (41, 27), (49, 27), (59, 38), (59, 40), (41, 40)), 1.6)),
        stripes=optional(inked(box(4, 19, 38, 26, WHITE), 1.4), inked(box(4, 30, 38, 37, WHITE), 1.4)),
        ladder=optional(ladder(4, 38, 4, 12, 3)),
    ),
    "tractor": thing(
        box(5, 27, 36, 43, BODY, 3), box(30, 12, 54, 43, BODY, 2), box(27, 8, 57, 14, SHADE, 2),
        wheels=essential(wheel(45, 46, 14), wheel(14, 51, 9)),
        windows=essential(pane(32, 15.5, 52, 31)),
        chimney=essential(back=[box(13, 10, 20, 30, INK, 1), box(10, 8, 23, 13, INK, 1)]),
        lights=optional(lamp(9, 35, 8)),
    ),
    "bicycle": thing(
        line(BODY, 4.2, (17, 43), (25, 24), (43, 24), (32, 43), (17, 43)), line(BODY, 4.2, (24, 20), (32, 43)),
        line(BODY, 4.2, (42, 20), (48, 43)),
        wheels=essential(back=[ring(4, 30, 29, 55, INK, 4), ring(36, 30, 61, 55, INK, 4)]),
        seat=essential(box(14, 14, 32, 21, INK, 3)),
        handle=essential(line(INK, 4.5, (42, 22), (40, 11), (32, 11))),
        basket=optional(inked(polygon(GOLD, (47, 11), (62, 11), (59, 25), (50, 25)))),
    ),
    "scooter": thing(
        box(8, 44, 52, 50, BODY, 2), line(BODY, 5, (51, 47), (43, 13)),
        wheels=essential(wheel(12, 52, 8), wheel(53, 52, 8)),
        handle=essential(line(INK, 5, (32, 11), (48, 11))),
        basket=optional(inked(polygon(GOLD, (49, 18), (63, 18), (61, 31), (52, 31)))),
        flag=optional(flag(12, 14, 45)),
    ),
    "train": thing(
        box(20, 27, 59, 44, BODY, 3), box(6, 16, 28, 44, BODY), box(3, 10, 31, 17, SHADE, 2),
        wheels=essential(wheel(12, 47, 7), wheel(29, 47, 7), wheel(50, 47, 7)),
        windows=essential(pane(8, 19, 25, 35)),
        chimney=essential(back=polygon(INK, (43, 29), (43, 20), (38, 8), (56, 8), (51, 20), (51, 29))),
        lights=optional(lamp(54, 36, 8)),
    ),
    "boat": thing(
        line(WOOD, 3.5, (31, 41), (31, 6)), polygon(BODY, (4, 39), (60, 39), (49, 56), (15, 56)),
        sail=essential(inked(polygon(WHITE, (35, 8), (35, 36), (59, 36)))),
        windows=optional(porthole(18.5, 47, 5.6), porthole(32, 47, 5.6), porthole(45.5, 47, 5.6)),
        flag=optional(inked(polygon(PINK, (29, 4), (12, 10), (29, 16)), 1.6)),
    ),
    "ship": thing(
        polygon(BODY, (3, 38), (61, 38), (53, 56), (13, 56)), box(12, 25, 46, 38, SHADE, 1),
        chimney=essential(back=[box(20, 6, 33, 27, INK, 1), box(20, 11, 33, 15, WHITE)]),
        windows=essential(porthole(17.8, 31.5, 5.4), porthole(29, 31.5, 5.4), porthole(40.2, 31.5, 5.4)),
        stripes=optional(inked(polygon(WHITE, (5, 42), (59, 42), (56, 49), (8, 49)), 1.6)),
        flag=optional(back=flag(47, 8, 38, 14)),
    ),
    "submarine": thing(
        ellipse(7, 25, 60, 55, BODY), box(26, 17, 43, 32, BODY, 3),
        periscope=essential(back=line(INK, 4.5, (34, 20), (34, 6), (45, 6))),
        windows=essential(porthole(21, 40, 6), porthole(35, 40, 6), porthole(49, 40, 6)),
        rotor=essential(back=[box(2, 25, 7, 55, INK, 2.5), box(4, 37, 14, 43, INK)]),
        flag=optional(back=flag(27, 4, 20, -15)),
    ),
    "plane": thing(
        ellipse(14, 22, 58, 44, BODY), polygon(BODY, (4, 26), (34, 22), (34, 44), (10, 37)), polygon(INK, (57, 28), (63, 33), (57, 38)),
        wings=essential(
            inked(polygon(SHADE, (24, 38), (37, 38), (25, 60), (14, 60))), back=inked(polygon(SHADE, (26, 32), (39, 32), (28, 7), (18, 7)))
        ),
        tail=essential(back=inked(polygon(SHADE, (6, 34), (3, 13), (12, 13), (20, 30)))),
        windows=essential(porthole(25.5, 30.5, 5.8), porthole(38, 30.5, 5.8), porthole(50.5, 31.5, 5.8)),
        wheels=optional(wheel(48, 47, 6.5), wheel(11, 46, 6.5)),
    ),
    "helicopter": thing(
        ellipse(28, 18, 60, 50, BODY), polygon(BODY, (40, 19), (12, 27), (12, 33), (36, 48)), box(30, 17, 44, 24, BODY),
        tail=essential(back=inked(polygon(SHADE, (16, 27), (9, 25), (7, 12), (1, 12), (2, 38), (10, 38), (16, 35)))),
        rotor=essential(line(INK, 4.5, (37, 20), (37, 10)), box(12, 5, 62, 10.5, INK, 2)),
        windows=essential(inked(polygon(GLASS, (38, 23), (50, 23), (58, 37), (38, 37)))),
        legs=optional(line(INK, 3.5, (31, 47), (29, 56)), line(INK, 3.5, (48, 47), (50, 56)), line(INK, 4, (17, 57), (58, 57))),
    ),
    "rocket": thing(
        polygon(BODY, (32, 2), (40, 12), (43, 25), (43, 47), (21, 47), (21, 25), (24, 12)),
        wings=essential(back=[inked(polygon(SHADE, (23, 28), (5, 51), (23, 46))), inked(polygon(SHADE, (41, 28), (59, 51), (41, 46)))]),
        windows=essential(inked(ellipse(23, 11, 41, 30.5, GLASS), 1.3)),
        stripes=optional(inked(box(21, 31, 43, 37, WHITE), 1.4), inked(box(21, 40, 43, 46, WHITE), 1.4)),
        flames=optional(inked(polygon(ORANGE, (22, 49), (42, 49), (38, 55), (32, 62), (26, 55))), polygon(GOLD, (28, 50), (36, 50), (32, 57))),
    ),
    "balloon": thing(
        ellipse(7, 8, 57, 43, BODY), polygon(BODY, (11, 33), (53, 33), (39, 47), (25, 47)),
        basket=essential(line(INK, 2, (27, 46), (24, 54)), line(INK, 2, (37, 46), (40, 54)), inked(box(20, 53, 44, 63, GOLD, 1))),
        stripes=optional(inked(box(10, 16, 54, 22.5, WHITE), 1.4), inked(box(9, 29, 55, 35.5, WHITE), 1.4)),
        flag=optional(back=flag(32, 1.5, 14, 20)),
    ),
}
