"""The oracle reads clean renders, says when it cannot read, and its annotators err as people do."""

import random

import numpy as np
import pytest
from PIL import Image

from minilab.annotators import ANNOTATORS, answers_of
from minilab.oracle import UNREADABLE, Oracle, Reading, read_files
from minilab.render import place, random_scene, render_scene
from minilab.templates import all_templates
from negjudge.errors import NegjudgeError
from negjudge.records import Sample

NAMES = ("car", "bicycle", "cat", "mug")


@pytest.fixture(scope="module")
def oracle():
    known = [t for t in all_templates() if t.object in (*NAMES, None)]
    return Oracle(known)


def as_array(pictures):
    return np.stack([np.asarray(picture, np.float32) / 255 for picture in pictures])


def test_clean_renders_are_read_right(oracle):
    rng = random.Random(0)
    scenes = [random_scene(rng, object=rng.choice(NAMES), part_rate=0.6) for _ in range(120)]
    readings = oracle.read(as_array(render_scene(scene) for scene in scenes))
    right = [
        reading.object == scene.object and set(reading.parts) == scene.parts
        for scene, reading in zip(scenes, readings, strict=True)
    ]
    assert np.mean(right) >= 0.99
    assert max(reading.residual for reading in readings) < UNREADABLE / 4


def test_noise_does_not_change_the_reading(oracle):
    rng = random.Random(1)
    scenes = [random_scene(rng, object=rng.choice(NAMES), part_rate=0.6) for _ in range(40)]
    clean = as_array(render_scene(scene) for scene in scenes)
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 0.06, clean.shape), 0, 1).astype(np.float32)
    for before, after in zip(oracle.read(clean), oracle.read(noisy), strict=True):
        assert (before.object, before.parts) == (after.object, after.parts)
        assert after.residual > before.residual


def test_a_part_alone_is_no_object(oracle):
    scene = place(random.Random(0), "bicycle", {"wheels"}, alone=True)
    (reading,) = oracle.read(as_array([render_scene(scene)]))
    assert (reading.object, reading.parts) == (None, ("wheels",))


def test_a_picture_of_nothing_known_is_unreadable(oracle):
    noise = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    (reading,) = oracle.read(noise)
    assert reading.object is None
    assert reading.parts == ()
    assert reading.residual > UNREADABLE


def test_a_picture_of_another_size_is_named(tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "small.png")
    with pytest.raises(NegjudgeError, match=r"small\.png has \(32, 32\) pixels"):
        read_files([tmp_path / "small.png"])


def sample(number):
    return Sample(
        id=f"{number:016x}", pair="car-wheels", object="car", element="wheels", prompt="a car",
        negative="wheels", method="none",
        params={}, seed=number, image="", sha256="", model="", revision="", steps=8, width=64, height=64,
        device="cpu", dtype="float32",
    )  # fmt: skip


def wrong_rates(difficulty, count=1500):
    """Return, per annotator and picture, whether the answer about the element was wrong."""
    reading = Reading("car", ("wheels",), 0.02, difficulty)
    rows = [answers_of(sample(n), reading, seed=0) for n in range(count)]
    return np.array([[dict(answers)["element"] == "no" for answers in row] for row in rows])


def test_annotators_err_more_where_the_picture_is_hard_and_err_together():
    easy, hard = wrong_rates(0.05), wrong_rates(0.95)
    assert easy.shape[1] == len(ANNOTATORS)
    assert 0.005 < easy.mean() < 0.03
    assert hard.mean() > 0.2
    together = (hard[:, 0] & hard[:, 1]).mean()
    assert together > 1.2 * hard[:, 0].mean() * hard[:, 1].mean()


def test_annotators_rate_a_clean_picture_higher():
    def ratings(residual):
        reading = Reading("car", (), residual, 0.1)
        return np.mean(
            [int(dict(a)["quality"]) for n in range(200) for a in answers_of(sample(n), reading, 0)]
        )

    assert ratings(0.01) > ratings(0.06) + 0.5 > ratings(0.12) + 1


def test_votes_are_the_same_every_time():
    reading = Reading("car", ("wheels",), 0.05, 0.8)
    assert answers_of(sample(1), reading, 3) == answers_of(sample(1), reading, 3)
