"""Tiny StableDiffusionXLPipeline and StableDiffusionPipeline."""

from __future__ import annotations

from typing import Any

import torch
from tiny.texts import clip_encoder, kl_vae, widened, word_tokenizer

LENGTH = 13  # no other number of keys is the same


def build(seed: int = 0, xl: bool = True) -> Any:
    """SDXL, or Stable Diffusion 1 and 2."""
    from diffusers import (
        EulerDiscreteScheduler,
        StableDiffusionPipeline,
        StableDiffusionXLPipeline,
        UNet2DConditionModel,
    )

    torch.manual_seed(seed)
    clip = word_tokenizer("<s>", "</s>", "</s>", LENGTH)
    more = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 16,
    }
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=(2, 4),
        norm_num_groups=4,
        use_linear_projection=True,
        cross_attention_dim=40 if xl else 24,
        **(more if xl else {}),
    )
    parts = {
        "unet": widened(unet, 0.1),
        "scheduler": EulerDiscreteScheduler(steps_offset=1),
        "vae": kl_vae(4, 8),
        "tokenizer": clip,
    }
    if xl:
        pipe = StableDiffusionXLPipeline(
            **parts,
            text_encoder=clip_encoder(clip, 16, 16, LENGTH, projected=False),
            text_encoder_2=clip_encoder(clip, 24, 16, LENGTH),
            tokenizer_2=clip,
        )
    else:
        pipe = StableDiffusionPipeline(
            **parts,
            text_encoder=clip_encoder(clip, 24, 16, LENGTH, projected=False),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """A small call without guidance of the pipeline's own, to latents."""
    return {
        "num_inference_steps": steps,
        "output_type": "latent",
        "guidance_scale": 0.0,
        "height": 16,
        "width": 16,
    }
