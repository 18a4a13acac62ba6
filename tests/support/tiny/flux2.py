"""FLUX.2 klein and dev with tiny random weights."""

from __future__ import annotations

from typing import Any

import torch
from tiny import texts
from tiny.parts import finished, seeded, widened

CHANNELS = 4
WIDTH = 16  # of the text encoder; the denoiser gets three of its layers side by side
LENGTH = 48  # dev's template alone takes 35 tokens


def build(seed: int = 0, dtype: torch.dtype = torch.float32, klein: bool = True, distilled: bool = False):
    """Klein with Qwen3, base or distilled, or dev with Mistral 3 and embedded guidance.

    The text encoders are deep enough for the layers that the pipelines read by default. The denoiser runs in
    float64, but rotates queries and keys in float32 whatever its weights are.
    """
    import diffusers

    with seeded(seed):
        parts = {
            "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
            "vae": _vae(),
            "transformer": _denoiser(guidance_embeds=not klein),
        }
        if klein:
            tokenizer = texts.qwen_tokenizer()
            encoder = texts.qwen3(tokenizer, WIDTH, layers=28)
            pipe = diffusers.Flux2KleinPipeline(
                **parts, text_encoder=encoder, tokenizer=tokenizer, is_distilled=distilled
            )
        else:
            processor = texts.mistral_processor()
            encoder = texts.mistral3(processor, WIDTH, layers=31)
            pipe = diffusers.Flux2Pipeline(**parts, text_encoder=encoder, tokenizer=processor)
    return finished(pipe, dtype)


def _denoiser(guidance_embeds: bool):
    from diffusers import Flux2Transformer2DModel

    return widened(
        Flux2Transformer2DModel(
            in_channels=4 * CHANNELS,
            num_layers=2,
            num_single_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=3 * WIDTH,
            timestep_guidance_channels=32,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=guidance_embeds,
        )
    )


def _vae():
    from diffusers import AutoencoderKLFlux2

    return AutoencoderKLFlux2(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=CHANNELS,
        norm_num_groups=4,
        sample_size=32,
    ).eval()


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """For both variants; dev's guidance scale is embedded."""
    return {
        "height": 32,
        "width": 32,
        "num_inference_steps": steps,
        "guidance_scale": 1.0,
        "max_sequence_length": LENGTH,
        "output_type": "latent",
    }
