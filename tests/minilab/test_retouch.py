"""Renders through the autoencoder: softer, and still what they were."""

import random

import numpy as np
import pytest

from minilab.oracle import load_oracle
from minilab.render import random_scene, render_scene
from minilab.retouch import Retoucher


@pytest.fixture(scope="module")
def pictures():
    rng = random.Random(0)
    scenes = [random_scene(rng) for _ in range(48)]
    renders = [render_scene(scene) for scene in scenes]
    return scenes, renders, Retoucher()(renders, scenes, random.Random(1))


def test_a_retouched_picture_still_shows_its_object_and_parts(pictures):
    scenes, renders, retouched = pictures
    pixels = np.stack([np.asarray(picture, np.float32) / 255 for picture in retouched])
    readings = load_oracle().read(pixels)
    right = [r.object == s.object and set(r.parts) == s.parts for r, s in zip(readings, scenes, strict=True)]
    assert np.mean(right) > 0.9
    residuals = [
        reading.residual
        for reading, before, after in zip(readings, renders, retouched, strict=True)
        if before.tobytes() != after.tobytes()
    ]
    assert min(residuals) > 0.02


def test_equal_seeds_retouch_equally(pictures):
    scenes, renders, retouched = pictures
    again = Retoucher()(renders, scenes, random.Random(1))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(retouched, again, strict=True))
