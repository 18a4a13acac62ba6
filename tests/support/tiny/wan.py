"""Tiny Wan pipelines."""

from __future__ import annotations

from typing import Any

import torch
from tiny.texts import t5_encoder, widened, word_tokenizer

LENGTH = 12


def build(seed: int = 0, two: bool = False, image_to_video: bool = False) -> Any:
    """Wan 2.1, or 2.2 with its two denoisers."""
    from diffusers import AutoencoderKLWan, FlowMatchEulerDiscreteScheduler, WanPipeline

    torch.manual_seed(seed)
    tokenizer = word_tokenizer(None, "</s>", "<pad>", LENGTH)
    vae = AutoencoderKLWan(
        base_dim=4,
        z_dim=4,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    )
    pipe = WanPipeline(
        transformer=transformer(image_to_video),
        transformer_2=transformer(image_to_video) if two else None,
        boundary_ratio=0.875 if two else None,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0),
        vae=vae.eval(),
        text_encoder=t5_encoder(tokenizer, 16, "UMT5"),
        tokenizer=tokenizer,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def transformer(image_to_video: bool) -> Any:
    from diffusers import WanTransformer3DModel

    return widened(
        WanTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=4,
            out_channels=4,
            text_dim=16,
            freq_dim=16,
            ffn_dim=32,
            num_layers=2,
            added_kv_proj_dim=24 if image_to_video else None,
            image_dim=16 if image_to_video else None,
        )
    )


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """A small call without guidance of the pipeline's own, to latents."""
    return {
        "num_inference_steps": steps,
        "output_type": "latent",
        "guidance_scale": 1.0,
        "height": 32,
        "width": 32,
        "num_frames": 5,
        "max_sequence_length": LENGTH,
    }
