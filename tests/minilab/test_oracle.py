"""The oracle reads clean renders, says when it cannot read, and its annotators err as people do."""

import dataclasses
import random

import numpy as np
import pytest
from PIL import Image

from minilab.annotators import ANNOTATORS, answers_of
from minilab.oracle import UNREADABLE, Oracle, Reading, load_oracle, read_files
from minilab.render import place, random_scene, render_scene
from minilab.templates import SHIFTS, all_templates, shrink
from negjudge.data.records import Sample

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


@pytest.mark.parametrize("noise", [0.0, 0.08])
def test_every_object_of_the_world_is_read_right(noise):
    rng = random.Random(2)
    scenes = [random_scene(rng, part_rate=0.6) for _ in range(300)]
    clean = as_array(render_scene(scene) for scene in scenes)
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, noise, clean.shape), 0, 1).astype(np.float32)
    readings = [reading for part in np.split(noisy, 6) for reading in load_oracle().read(part)]
    right = [
        reading.object == scene.object and set(reading.parts) == scene.parts
        for scene, reading in zip(scenes, readings, strict=True)
    ]
    assert np.mean(right) >= 0.99


def test_the_close_search_finds_what_trying_every_place_finds(oracle):
    rng = random.Random(3)
    clean = as_array(render_scene(random_scene(rng, object=rng.choice(NAMES))) for _ in range(10))
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, 0.08, clean.shape), 0, 1).astype(np.float32)
    numbers = list(range(len(oracle.templates)))
    for picture, rough in zip(noisy, oracle.search.rough(noisy), strict=True):
        shifts, distances = oracle.search.close(picture, numbers, rough)
        best = int(distances.argmin())
        every = {
            (number, shift): unexplained(shrink(picture, 2), oracle.templates[number].crop(shift))
            for number in np.argsort(distances)[:20].tolist()
            for shift in SHIFTS
        }
        assert min(every, key=lambda place: every[place]) == (best, shifts[best])
        assert distances[best] == pytest.approx(every[best, shifts[best]], rel=1e-3)


def unexplained(picture, layers):
    """Return the squared distance of a small picture to the nearest colouring of a template."""
    background, body, fixed = (shrink(layer, 2) for layer in layers)
    free = np.stack([background.ravel(), body.ravel()], 1)
    rest = (picture - fixed).reshape(-1, 3)
    return np.square(rest - free @ np.linalg.lstsq(free, rest, rcond=None)[0]).sum()


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


@pytest.mark.parametrize("size", [(64, 64), (1024, 1024), (96, 96)])
def test_a_larger_picture_is_read_like_the_small_one(tmp_path, size):
    picture = render_scene(place(random.Random(0), "bicycle", {"wheels", "seat"}))
    picture.resize(size, Image.Resampling.BICUBIC).save(tmp_path / "large.png")
    (reading,) = read_files([tmp_path / "large.png"])
    assert (reading.object, set(reading.parts)) == ("bicycle", {"wheels", "seat"})


def test_a_wide_picture_is_not_squeezed(tmp_path):
    picture = render_scene(place(random.Random(0), "bicycle", {"wheels", "seat"}))
    wide = Image.new("RGB", (640, 480), picture.getpixel((0, 0)))
    wide.paste(picture.resize((480, 480), Image.Resampling.BICUBIC), (80, 0))
    wide.save(tmp_path / "wide.png")
    (reading,) = read_files([tmp_path / "wide.png"])
    assert reading.object == "bicycle"


def sample(number):
    return Sample(
        id=f"{number:016x}", pair="car-wheels", object="car", element="wheels", prompt="a car",
        negative="wheels", method="none",
        params={}, seed=number, image="", sha256="", model="", revision="", steps=8, width=64, height=64,
        device="cpu", dtype="float32",
    )  # fmt: skip


def looks(parts=("wheels",), residual=0.05, doubt=0.8):
    """Return a reading of a car that is as doubtful about the object as about its wheels."""
    return Reading("car", parts, residual, doubt, doubt, {"wheels": doubt})


def wrong_rates(doubt, count=1500):
    """Return, per annotator and picture, whether the answer about the element was wrong."""
    reading = looks(residual=0.02, doubt=doubt)
    rows = [answers_of(sample(n), reading, seed=0) for n in range(count)]
    return np.array([[dict(answers)["element"] == "no" for answers in row] for row in rows])


def test_annotators_err_more_where_the_picture_is_hard_and_err_together():
    easy, hard = wrong_rates(0.05), wrong_rates(1.0)
    assert easy.shape[1] == len(ANNOTATORS)
    assert 0.005 < easy.mean() < 0.03
    assert hard.mean() > 0.2
    together = (hard[:, 0] & hard[:, 1]).mean()
    assert together > 1.2 * hard[:, 0].mean() * hard[:, 1].mean()


def test_annotators_rate_a_clean_picture_higher():
    def ratings(residual):
        reading = looks((), residual, 0.1)
        return np.mean(
            [int(dict(a)["quality"]) for n in range(200) for a in answers_of(sample(n), reading, 0)]
        )

    assert ratings(0.01) > ratings(0.06) + 0.5 > ratings(0.12) + 1


def test_only_what_is_in_doubt_is_misread():
    reading = Reading("car", ("wheels",), 0.05, 0.95, 0.0, {"wheels": 0.95, "windows": 0.0})
    rows = [dict(answers) for n in range(1500) for answers in answers_of(sample(n), reading, 0)]
    assert np.mean([row["object"] != "yes" for row in rows]) < 0.03
    assert np.mean([row["element"] != "yes" for row in rows]) > 0.2


def test_noise_alone_raises_no_doubt_and_a_faded_part_does(oracle):
    rng = np.random.default_rng(0)
    scene = place(random.Random(0), "car", {"wheels", "windows"})
    without = dataclasses.replace(scene, parts=scene.parts - {"wheels"})
    whole, bare = (np.asarray(render_scene(s), np.float32) / 255 for s in (scene, without))
    noisy = np.clip(whole + rng.normal(0, 0.05, whole.shape), 0, 1).astype(np.float32)
    faded, gone = (share * whole + (1 - share) * bare for share in (0.4, 0.22))
    plain, noise, fade, trace = oracle.read(np.stack([whole, noisy, faded, gone]))
    assert plain.parts == noise.parts == fade.parts == ("wheels", "windows")
    assert plain.part_doubts["wheels"] < 0.1
    assert noise.part_doubts["wheels"] < 0.2
    assert fade.part_doubts["wheels"] > 0.6
    assert trace.parts == ("windows",)
    assert trace.part_doubts["wheels"] > 0.6


def test_votes_are_the_same_every_time():
    reading = looks()
    assert answers_of(sample(1), reading, 3) == answers_of(sample(1), reading, 3)


def test_annotators_answer_every_part_that_they_are_asked_about_and_nothing_else_changes():
    reading = Reading("car", ("wheels", "windows"), 0.02, 0.1, 0.0, {})
    plain, asked = answers_of(sample(1), reading, 0), answers_of(sample(1), reading, 0, ("windows", "lights"))
    assert [column[:3] for column in asked] == plain
    assert [[question for question, _ in column[3:]] for column in asked] == [
        ["part:windows", "part:lights"]
    ] * len(ANNOTATORS)
    turned = answers_of(sample(1), reading, 0, ("lights", "windows"))
    assert [dict(column) for column in turned] == [dict(column) for column in asked]
    many = [dict(one) for n in range(600) for one in answers_of(sample(n), reading, 0, ("windows", "lights"))]
    assert 0.005 < np.mean([one["part:windows"] != "yes" for one in many]) < 0.03
    assert 0.005 < np.mean([one["part:lights"] != "no" for one in many]) < 0.03
    doubtful = Reading("car", ("wheels",), 0.05, 1.0, 0.0, {"windows": 1.0})
    hard = [dict(one) for n in range(600) for one in answers_of(sample(n), doubtful, 0, ("windows",))]
    assert np.mean([one["part:windows"] == "yes" for one in hard]) > 0.2
