"""Stable Diffusion 3 and 3.5 with tiny random weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from tiny import texts
from tiny.parts import finished, image_vae, seeded, widened

CHANNELS = 16  # the inpainting pipeline takes no other number
T5_LENGTH = 8


def build(
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    t5: bool = True,
    sd35: bool = False,
    words: Sequence[str] = (),
):
    """SD3, with T5 or zeros in its place, or SD3.5 with its second attention and its norms.

    CLIP knows ``words`` beside those that all tiny pipelines know.
    All of the denoiser computes in its weights' dtype, float64 included; the scheduler's step is in float32.
    """
    import diffusers

    with seeded(seed):
        clip = texts.clip_tokenizer(words)
        tokenizer = texts.t5_tokenizer(T5_LENGTH) if t5 else None
        transformer = diffusers.SD3Transformer2DModel(
            sample_size=16,
            patch_size=2,
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
        pipe = diffusers.StableDiffusion3Pipeline(
            transformer=widened(transformer),
            scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
            vae=image_vae(CHANNELS),
            text_encoder=texts.clip_encoder(clip, 16, 16),
            tokenizer=clip,
            text_encoder_2=texts.clip_encoder(clip, 24, 16),
            tokenizer_2=clip,
            text_encoder_3=texts.t5_encoder(tokenizer, 48) if t5 else None,
            tokenizer_3=tokenizer,
        )
    return finished(pipe, dtype)


def call_arguments(steps: int = 2) -> dict[str, Any]:
    return {
        "height": 32,
        "width": 32,
        "num_inference_steps": steps,
        "guidance_scale": 0.0,
        "max_sequence_length": T5_LENGTH,
        "output_type": "latent",
    }
