"""FLUX.1 with tiny random weights."""

from __future__ import annotations

from typing import Any

import torch
from tiny import texts
from tiny.parts import finished, image_vae, seeded, widened

CHANNELS = 4
T5_LENGTH = 8


def build(seed: int = 0, dtype: torch.dtype = torch.float32, guidance_embeds: bool = False):
    """FLUX.1 schnell, or dev with its embedded guidance.

    The denoiser runs in float64, but rotates queries and keys in float32 whatever its weights are.
    """
    import diffusers

    with seeded(seed):
        clip, tokenizer = texts.clip_tokenizer(), texts.t5_tokenizer(T5_LENGTH)
        transformer = diffusers.FluxTransformer2DModel(
            in_channels=4 * CHANNELS,
            num_layers=2,
            num_single_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=48,
            pooled_projection_dim=32,
            guidance_embeds=guidance_embeds,
            axes_dims_rope=(4, 6, 6),
        )
        pipe = diffusers.FluxPipeline(
            scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=guidance_embeds),
            vae=image_vae(CHANNELS),
            text_encoder=texts.clip_encoder(clip, 32, None),
            tokenizer=clip,
            text_encoder_2=texts.t5_encoder(tokenizer, 48),
            tokenizer_2=tokenizer,
            transformer=widened(transformer),
        )
    return finished(pipe, dtype)


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """The guidance scale is embedded, and only where the variant has an embedding of it."""
    return {
        "height": 32,
        "width": 32,
        "num_inference_steps": steps,
        "guidance_scale": 1.0,
        "max_sequence_length": T5_LENGTH,
        "output_type": "latent",
    }
