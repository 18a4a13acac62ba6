"""The families as tests see them: a tiny pipeline to build, calls of it, its denoiser's first forward."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from negjudge.guidance.families import family_of

PROMPT, NEGATIVE = "a red bicycle", "big wheels"


@dataclass
class Case:
    """A pipeline to build, and how far float64 goes in its denoiser."""

    module: str
    variant: dict[str, Any] = field(default_factory=dict)
    # Parts of the model compute in float32 whatever its weights are; a stated tolerance is a finding.
    tolerance: float = 1e-12
    padding: str = "none"  # what the slow reference can follow

    def build(self, dtype=torch.float32):
        return importlib.import_module(f"tiny.{self.module}").build(dtype=dtype, **self.variant)

    def call(self, **more):
        module = importlib.import_module(f"tiny.{self.module}")
        return {**module.call_arguments(), **more}


CASES = {
    "sd3": Case("sd3", {"t5": True}),
    "sd3.5": Case("sd3", {"t5": True, "sd35": True}),
    "flux": Case("flux"),
    "flux-embedded-guidance": Case("flux", {"guidance_embeds": True}),
    "flux2-klein": Case("flux2", {"klein": True}),
    "flux2": Case("flux2", {"klein": False}),
    "qwen-image": Case("qwenimage", tolerance=1e-5),
    "z-image": Case("zimage", tolerance=1e-5, padding="full"),
    "wan2.1": Case("wan", tolerance=1e-5),
    "wan2.2": Case("wan", {"two": True}, tolerance=1e-5),
    "sdxl": Case("unet", {"xl": True}),
    "sd": Case("unet", {"xl": False}),
}


def build_exact(case):
    """A case's pipeline in float64, text encoders and all."""
    pipe = case.build()
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            part.double()
    return pipe


def run(pipe, case, prompt=PROMPT, seeds=(0,), **more):
    """Latents of one call."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    generator = generators if len(generators) > 1 else generators[0]
    # Z-Image's pipeline writes its template into the list that it is given.
    prompt = list(prompt) if isinstance(prompt, list) else prompt
    output = pipe(prompt=prompt, generator=generator, **case.call(**more))
    return output.images if hasattr(output, "images") else output.frames


class Stop(Exception):
    pass


def first_forward(pipe, case, prompt=PROMPT):
    """The denoiser of a call's first step, and its arguments in float64."""
    denoiser = family_of(pipe).denoisers(pipe)[0]
    names = [name for name in inspect.signature(type(denoiser).forward).parameters if name != "self"]

    def stop(_, args, kwargs):
        raise Stop({**dict(zip(names, args, strict=False)), **kwargs})

    handle = denoiser.register_forward_pre_hook(stop, with_kwargs=True)
    with pytest.raises(Stop) as caught:
        run(pipe, case, prompt)
    handle.remove()
    return denoiser, {name: doubled(value) for name, value in caught.value.args[0].items()}


def doubled(value):
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else value
    if isinstance(value, list):
        return [doubled(each) for each in value]
    return {name: doubled(each) for name, each in value.items()} if isinstance(value, dict) else value


def output_of(denoiser, arguments):
    """One forward, as a tensor with a row a picture."""
    sample = denoiser(**{**arguments, "return_dict": False})[0]
    return torch.stack(list(sample)) if isinstance(sample, list) else sample
