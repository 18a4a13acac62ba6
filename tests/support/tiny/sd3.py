"""A tiny StableDiffusion3Pipeline; 8x8 latents."""

from __future__ import annotations

from typing import Any

import torch
from tiny.texts import clip_encoder, kl_vae, t5_encoder, widened, word_tokenizer

CLIP_LENGTH, T5_LENGTH, CHANNELS = 12, 8, 16


def build(seed: int = 0, t5: bool = False, sd35: bool = False) -> Any:
    """SD3 (without T5 unless asked), or SD3.5 with its second attention and its norms."""
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline

    torch.manual_seed(seed)
    clip = word_tokenizer("<s>", "</s>", "</s>", CLIP_LENGTH)
    t5_tokenizer = word_tokenizer(None, "</s>", "<pad>", T5_LENGTH) if t5 else None
    transformer = SD3Transformer2DModel(
        sample_size=8,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        num_layers=3,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        caption_projection_dim=32,
        pooled_projection_dim=32,
        pos_embed_max_size=16,
        dual_attention_layers=(0, 1) if sd35 else (),
        qk_norm="rms_norm" if sd35 else None,
    )
    pipe = StableDiffusion3Pipeline(
        transformer=widened(transformer),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=kl_vae(CHANNELS, 8),
        text_encoder=clip_encoder(clip, 16, 16, CLIP_LENGTH),
        tokenizer=clip,
        text_encoder_2=clip_encoder(clip, 24, 16, CLIP_LENGTH),
        tokenizer_2=clip,
        text_encoder_3=t5_encoder(t5_tokenizer, 48) if t5 else None,
        tokenizer_3=t5_tokenizer,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """A small call without guidance of the pipeline's own, to latents."""
    return {
        "guidance_scale": 0.0,
        "num_inference_steps": steps,
        "max_sequence_length": T5_LENGTH,
        "output_type": "latent",
    }
