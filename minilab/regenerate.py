"""Renders that went part of the way through the generator, guided away from what they do not show."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusion3Img2ImgPipeline
from PIL import Image

from minilab.generator import TEXT_LENGTH
from minilab.publish_generator import GENERATOR
from minilab.render import Scene
from minilab.world import OBJECTS, PARTS
from negjudge.data.questions import with_article
from negjudge.generation.pipelines import find_model
from negjudge.generation.settings import read_settings
from negjudge.guidance import guide, pipeline_arguments
from negjudge.guidance.methods import METHODS, UNGUIDED
from negjudge.recipes import read_yaml

SETTINGS = Path("data/settings/mini.yaml")
STEPS = 4
STRENGTHS = (0.25, 0.5, 0.5)  # of the noise; with more the generator redraws parts as it likes
REGENERATED = 16  # pictures of a batch


class Regenerator:
    """Gives pictures the looks of generated ones, each method's among them, while their parts stay known."""

    def __init__(self, model: Path = GENERATOR) -> None:
        pipe = find_model(str(model)).pipe
        self.pipe = StableDiffusion3Img2ImgPipeline(**pipe.components)
        self.pipe.set_progress_bar_config(disable=True)
        tuned = read_yaml(SETTINGS)
        methods = [name for name in METHODS if name == UNGUIDED or name in tuned]
        self.methods = list(read_settings(SETTINGS, methods).values())

    @torch.no_grad()
    def __call__(
        self, pictures: Sequence[Image.Image], scenes: Sequence[Scene], rng: random.Random
    ) -> list[Image.Image]:
        """Return the pictures, some of them regenerated: which, how far and with which method is drawn."""
        chosen = sorted(rng.sample(range(len(pictures)), min(REGENERATED, len(pictures))))
        method, strength = rng.choice(self.methods), rng.choice(STRENGTHS)
        negatives = [_elsewhere(scenes[row], rng) for row in chosen]
        # The training around it may compute in bfloat16.
        with guide(self.pipe, method, negatives), torch.autocast("cpu", enabled=False):
            drawn = self.pipe(
                prompt=[_prompt(scenes[row]) for row in chosen],
                image=[pictures[row] for row in chosen],
                strength=strength,
                num_inference_steps=STEPS,
                max_sequence_length=TEXT_LENGTH,
                generator=[torch.Generator().manual_seed(rng.getrandbits(32)) for _ in chosen],
                **pipeline_arguments(self.pipe, method, negatives),
            ).images
        result = list(pictures)
        for row, picture in zip(chosen, drawn, strict=True):
            result[row] = picture
        return result


def _prompt(scene: Scene) -> str:
    return " and ".join(sorted(scene.parts)) if scene.alone else with_article(scene.object)


def _elsewhere(scene: Scene, rng: random.Random) -> str:
    """Return a part that the scene's object never has."""
    return rng.choice([part for part in sorted(PARTS) if part not in OBJECTS[scene.object].parts])
