"""A tiny ZImagePipeline with Qwen3."""

from __future__ import annotations

from typing import Any

import torch
from tiny.texts import chat_tokenizer, kl_vae, qwen3, widened


def build(seed: int = 0) -> Any:
    """Z-Image: two main layers, one refiner of each kind."""
    from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel

    torch.manual_seed(seed)
    tokenizer = chat_tokenizer(64)
    transformer = ZImageTransformer2DModel(
        in_channels=4,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[4, 6, 6],
        axes_lens=[256, 32, 32],
    )
    pipe = ZImagePipeline(
        transformer=widened(transformer),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=kl_vae(4, 8),
        text_encoder=qwen3(tokenizer, 16),
        tokenizer=tokenizer,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """A small call without guidance of the pipeline's own, to latents."""
    return {
        "num_inference_steps": steps,
        "output_type": "latent",
        "guidance_scale": 0.0,
        "height": 32,
        "width": 32,
        "max_sequence_length": 64,
    }
