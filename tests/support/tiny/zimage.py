"""Z-Image with tiny random weights."""

from __future__ import annotations

from typing import Any

import torch
from tiny import texts
from tiny.parts import finished, image_vae, seeded, widened

CHANNELS = 4


def build(seed: int = 0, dtype: torch.dtype = torch.float32):
    """Two main layers behind one refiner each of picture and caption.

    The denoiser runs in float64, but rotates queries and keys in float32 whatever its weights are; the
    pipeline keeps latents in float32.
    """
    import diffusers

    with seeded(seed):
        tokenizer = texts.qwen_tokenizer()
        transformer = diffusers.ZImageTransformer2DModel(
            in_channels=CHANNELS,
            dim=32,
            n_layers=2,
            n_refiner_layers=1,
            n_heads=2,
            n_kv_heads=2,
            cap_feat_dim=32,
            axes_dims=[4, 6, 6],
            axes_lens=[256, 32, 32],
        )
        pipe = diffusers.ZImagePipeline(
            scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
            vae=image_vae(CHANNELS),
            text_encoder=texts.qwen3(tokenizer, 32, layers=3),
            tokenizer=tokenizer,
            transformer=widened(transformer),
        )
    return finished(pipe, dtype)


def call_arguments(steps: int = 2) -> dict[str, Any]:
    return {
        "height": 32,
        "width": 32,
        "num_inference_steps": steps,
        "guidance_scale": 0.0,
        "output_type": "latent",
    }
