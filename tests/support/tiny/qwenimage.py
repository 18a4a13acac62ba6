"""Qwen-Image with tiny random weights."""

from __future__ import annotations

from typing import Any

import torch
from tiny import texts
from tiny.parts import finished, seeded, widened

CHANNELS = 4


def build(seed: int = 0, dtype: torch.dtype = torch.float32):
    """The tokenizer gives the template's head its true 34 tokens.

    The denoiser runs in float64, but rotates queries and keys in float32 whatever its weights are.
    """
    import diffusers

    with seeded(seed):
        tokenizer = texts.qwen_tokenizer()
        transformer = diffusers.QwenImageTransformer2DModel(
            in_channels=4 * CHANNELS,
            out_channels=CHANNELS,
            num_layers=3,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            axes_dims_rope=(4, 6, 6),
        )
        pipe = diffusers.QwenImagePipeline(
            scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
            vae=_vae(),
            text_encoder=texts.qwen25_vl(tokenizer, 32, layers=2),
            tokenizer=tokenizer,
            transformer=widened(transformer),
        )
    return finished(pipe, dtype)


def _vae():
    from diffusers import AutoencoderKLQwenImage

    return AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=CHANNELS,
        dim_mult=[1, 1],
        num_res_blocks=1,
        temperal_downsample=[False],
        latents_mean=[0.0] * CHANNELS,
        latents_std=[1.0] * CHANNELS,
    ).eval()


def call_arguments(steps: int = 2) -> dict[str, Any]:
    return {
        "height": 32,
        "width": 32,
        "num_inference_steps": steps,
        "true_cfg_scale": 1.0,
        "output_type": "latent",
    }
