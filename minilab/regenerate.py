"""Renders that went part of the way through the generator, guided away from what they do not show."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusion3Img2ImgPipeline
from PIL import Image

from minilab.generator import TEXT_LENGTH
from minilab.publish_generator import GENERATOR
from minilab.render import Scene
from minilab.world import OBJECTS, PARTS
from negjudge.data.questions import with_article
from negjudge.generation.pipelines import find_model
from negjudge.generation.strengths import draw_method
from negjudge.guidance import GuidanceMethod, Plain, guide, pipeline_arguments
from negjudge.recipes import read_yaml

SEARCH = Path("generate/recipes/mini-tune.yaml")
STEPS = 4
STRENGTHS = (0.25, 0.5, 0.5)  # of the noise; with more the generator redraws parts as it likes


class Regenerator:
    """Gives pictures the looks of generated ones, each method's among them, while their parts stay known."""

    def __init__(self, model: Path = GENERATOR, device: str = "cpu") -> None:
        pipe = find_model(str(model), device=device).pipe
        self.pipe = StableDiffusion3Img2ImgPipeline(**pipe.components)
        self.pipe.set_progress_bar_config(disable=True)
        search: dict[str, Any] = read_yaml(SEARCH)
        self.spaces, self.fixed = search["spaces"], search.get("fixed", {})

    def method(self, rng: random.Random) -> GuidanceMethod:
        """Return no guidance, or a method at a strength drawn from where it is searched."""
        name = rng.choice(["none", *self.spaces])
        if name == "none":
            return Plain()
        return draw_method(name, self.spaces[name], self.fixed.get(name, {}), rng)

    @torch.no_grad()
    def __call__(
        self, pictures: Sequence[Image.Image], scenes: Sequence[Scene], rng: random.Random
    ) -> list[Image.Image]:
        """Return the pictures regenerated, all by one method; which one, and how far, is drawn."""
        method, strength = self.method(rng), rng.choice(STRENGTHS)
        negatives = [_elsewhere(scene, rng) for scene in scenes]
        with guide(self.pipe, method, negatives):
            drawn: list[Image.Image] = self.pipe(
                prompt=[_prompt(scene) for scene in scenes],
                image=list(pictures),
                strength=strength,
                num_inference_steps=STEPS,
                max_sequence_length=TEXT_LENGTH,
                generator=[torch.Generator().manual_seed(rng.getrandbits(32)) for _ in scenes],
                **pipeline_arguments(self.pipe, method, negatives),
            ).images
        return drawn


def _prompt(scene: Scene) -> str:
    return " and ".join(sorted(scene.parts)) if scene.alone else with_article(scene.object)


def _elsewhere(scene: Scene, rng: random.Random) -> str:
    """Return a part that the scene's object never has."""
    return rng.choice([part for part in sorted(PARTS) if part not in OBJECTS[scene.object].parts])
