"""PartWorld shows its parts clearly, in every colour and place, and its objects apart, even as thumbnails."""

import dataclasses

import numpy as np
import pytest

from minilab.clarity import LEAST_BODY, LEAST_PART, body_contrasts, part_contrasts
from minilab.render import Scene, render_scene
from minilab.world import BACKGROUNDS, COLOURS, OBJECTS

LEAST_ALONE = 0.006  # a part's word is learnt from pictures of it alone


def unclear(contrasts, floor):
    return [contrast for contrast in contrasts if contrast.least < floor]


@pytest.mark.parametrize("name", OBJECTS)
def test_every_part_is_clearly_there_or_gone_and_no_other(name):
    contrasts = list(part_contrasts(name))
    count = len(OBJECTS[name].parts)
    assert len(contrasts) == count + count * (count - 1) // 2
    assert unclear(contrasts, LEAST_PART) == []


def test_objects_without_their_parts_are_told_apart():
    assert unclear(body_contrasts(), LEAST_BODY) == []


def test_every_part_alone_is_seen_on_every_background():
    for name, thing in OBJECTS.items():
        for part in thing.parts:
            for background, colour in enumerate(BACKGROUNDS):
                alone = Scene(name, frozenset({part}), "yellow", background, alone=True)
                difference = np.asarray(render_scene(alone), float) - colour
                assert np.square(difference / 255).mean() >= LEAST_ALONE, (name, part)


def test_a_contrast_is_that_of_the_renders_in_the_worst_colours():
    (found,) = (contrast for contrast in part_contrasts("boat") if contrast.what == "boat: windows")
    least = min(
        difference(Scene("boat", parts, colour, background))
        for colour in COLOURS
        for background in range(len(BACKGROUNDS))
        for parts in (frozenset(), frozenset({"sail"}), frozenset({"flag"}), frozenset({"sail", "flag"}))
    )
    assert found.large == pytest.approx(least, rel=0.02)


def difference(scene):
    """Return the mean squared difference that windows make to a scene."""
    with_windows = dataclasses.replace(scene, parts=scene.parts | {"windows"})
    one, other = (np.asarray(render_scene(s), float) / 255 for s in (scene, with_windows))
    return np.square(one - other).mean()
