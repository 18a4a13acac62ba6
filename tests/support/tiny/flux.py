"""A tiny FluxPipeline: two double and two single blocks, 4x4 picture tokens."""

from __future__ import annotations

from typing import Any

import torch
from tiny.texts import clip_encoder, kl_vae, t5_encoder, widened, word_tokenizer

CLIP_LENGTH, T5_LENGTH = 12, 8


def build(seed: int = 0, guidance_embeds: bool = False) -> Any:
    """FLUX.1-schnell, or FLUX.1-dev with its embedded guidance."""
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    torch.manual_seed(seed)
    clip, t5 = (
        word_tokenizer("<s>", "</s>", "</s>", CLIP_LENGTH),
        word_tokenizer(None, "</s>", "<pad>", T5_LENGTH),
    )
    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=16,
        guidance_embeds=guidance_embeds,
        axes_dims_rope=(4, 6, 6),
    )
    pipe = FluxPipeline(
        transformer=widened(transformer),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=kl_vae(4, 8),
        text_encoder=clip_encoder(clip, 16, 16, CLIP_LENGTH, projected=False),
        tokenizer=clip,
        text_encoder_2=t5_encoder(t5, 32),
        tokenizer_2=t5,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """A small call without guidance of the pipeline's own, to latents."""
    return {
        "num_inference_steps": steps,
        "max_sequence_length": T5_LENGTH,
        "output_type": "latent",
        "height": 16,
        "width": 16,
    }
