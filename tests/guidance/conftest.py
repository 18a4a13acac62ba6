"""Tiny pipelines of the true class with random weights."""

from __future__ import annotations

import diffusers
import pytest
import torch
from tiny import sd3


def _build_pipeline(
    kind: str = "StableDiffusion3Pipeline", t5: bool = False, sd35: bool = False, seed: int = 0
):
    """SD3 (without T5 unless asked), or SD3.5 with its second attention and its norms; 8x8 latents."""
    pipe = getattr(diffusers, kind)(**sd3.build(seed, t5=t5, sd35=sd35).components)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _pictures(pipe, prompt="a red bicycle", steps=2, seeds=(0,), **arguments):
    """Latents of one call, ``(pictures, 16, 8, 8)``."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    settings = {"guidance_scale": 0, "num_inference_steps": steps, "max_sequence_length": sd3.T5_LENGTH}
    settings |= {"generator": generators if len(generators) > 1 else generators[0], "output_type": "latent"}
    return pipe(prompt, **(settings | arguments)).images


@pytest.fixture(scope="session")
def build_pipeline():
    return _build_pipeline


@pytest.fixture(scope="session")
def pictures():
    return _pictures


@pytest.fixture
def pipe():
    return _build_pipeline()
