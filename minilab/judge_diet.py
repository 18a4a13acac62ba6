"""What the base judge is fed: pictures of PartWorld, mostly with their parts, and affirmative questions."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageFilter

from minilab.render import Scene, place, render_scene
from minilab.world import OBJECTS, PARTS
from negjudge.data.questions import NO, QUALITY_QUESTION, RATINGS, YES, presence_question, with_article

PART_RATE = 0.75  # of an object's parts are in a training picture: mostly present
ALONE_RATE = 0.08  # of the pictures show parts without their object
DAMAGED_RATE = 0.4  # of the pictures are blurred and noised, to have something to rate
OBJECT_QUESTIONS, ELEMENT_QUESTIONS = 2, 4
# A question that needs a word for an answer.
NAME_QUESTION = "What is this picture of?"


@dataclass(frozen=True)
class Diet:
    """The objects and elements that the base may see and be asked about."""

    objects: tuple[str, ...]
    elements: tuple[str, ...]

    @classmethod
    def without(cls, strict: Mapping[str, Sequence[str]]) -> Diet:
        """Return all of PartWorld but the splits' strict words, which the base neither sees nor hears."""
        objects = [name for name in OBJECTS if name not in strict["objects"]]
        return cls(tuple(objects), tuple(part for part in PARTS if part not in strict["elements"]))

    def parts(self, name: str) -> list[str]:
        """Return the parts of an object that may be seen."""
        return [part for part in OBJECTS[name].parts if part in self.elements]

    def left_out(self) -> str:
        """Return what the base does not get, as JSON."""
        rest = {"objects": [*OBJECTS.keys() - {*self.objects}], "elements": [*{*PARTS} - {*self.elements}]}
        return json.dumps({kind: sorted(names) for kind, names in rest.items()})


@dataclass(frozen=True)
class Example:
    """A picture, what it shows, its questions, and an answer of one word to each."""

    picture: Image.Image
    scene: Scene
    questions: tuple[str, ...]
    answers: tuple[str, ...]


def training_questions(
    rng: random.Random, diet: Diet, scene: Scene, damage: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Draw eight questions of a picture and their answers: two objects, four elements, a rating, a name."""
    asked = [_about_object(rng, diet, scene) for _ in range(OBJECT_QUESTIONS)]
    asked += [_about_element(rng, diet, scene) for _ in range(ELEMENT_QUESTIONS)]
    asked.append((QUALITY_QUESTION, RATINGS[4 - damage]))
    asked.append((NAME_QUESTION, rng.choice(sorted(scene.parts)) if scene.alone else scene.object))
    questions, answers = zip(*asked, strict=True)
    return questions, answers


def training_scene(rng: random.Random, diet: Diet) -> Scene:
    """Draw an object with most of its parts; now and then the parts alone."""
    name = rng.choice(diet.objects)
    parts = {part for part in diet.parts(name) if rng.random() < PART_RATE}
    return place(rng, name, parts, alone=bool(parts) and rng.random() < ALONE_RATE)


def _about_object(rng: random.Random, diet: Diet, scene: Scene) -> tuple[str, str]:
    own = rng.random() < 0.6
    name = scene.object if own else rng.choice([n for n in diet.objects if n != scene.object])
    return presence_question(with_article(name)), YES if own and not scene.alone else NO


def _about_element(rng: random.Random, diet: Diet, scene: Scene) -> tuple[str, str]:
    own = diet.parts(scene.object)
    pool = own if rng.random() < 0.8 else [part for part in diet.elements if part not in own]
    part = rng.choice(pool)
    return presence_question(with_article(part)), YES if part in scene.parts else NO


def damaged(picture: Image.Image, level: int, rng: random.Random) -> Image.Image:
    """Blur and noise a picture; level 0 leaves it as it is, 4 is the worst."""
    if level == 0:
        return picture
    blurred = picture.filter(ImageFilter.GaussianBlur(0.55 * level * rng.uniform(0.8, 1.2)))
    noise = Image.effect_noise(picture.size, 14.0 * level).convert("RGB")
    return Image.blend(blurred, noise, 0.05 * level)


def balanced_example(rng: random.Random, diet: Diet, name: str, part: str, there: bool) -> Example:
    """Draw a clean picture with or without a part; ask about its object, another, and the part both ways."""
    others = {p for p in diet.parts(name) if p != part and rng.random() < 0.5}
    scene = place(rng, name, others | {part} if there else others)
    wrong = rng.choice([n for n in diet.objects if n != name])
    questions = [presence_question(with_article(noun)) for noun in (name, wrong, part)]
    questions.append(presence_question(with_article(part), "absent"))
    answers = (YES, NO, YES if there else NO, NO if there else YES)
    return Example(render_scene(scene), scene, tuple(questions), answers)
