"""A tiny QwenImagePipeline with a Qwen2.5-VL text encoder."""

from __future__ import annotations

from typing import Any

import torch
from tiny.texts import chat_tokenizer, widened


def build(seed: int = 0) -> Any:
    """Qwen-Image; the template's head is as long as this tokenizer makes it."""
    from diffusers import (
        AutoencoderKLQwenImage,
        FlowMatchEulerDiscreteScheduler,
        QwenImagePipeline,
        QwenImageTransformer2DModel,
    )
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(seed)
    tokenizer = chat_tokenizer(64)
    text = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "vocab_size": len(tokenizer),
        "bos_token_id": None,
        "eos_token_id": None,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]},
    }
    vision = {
        "depth": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": 16,
        "patch_size": 8,
    }
    encoder = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=vision))
    transformer = QwenImageTransformer2DModel(
        in_channels=16,
        out_channels=4,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        axes_dims_rope=(4, 6, 6),
    )
    vae = AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 1],
        num_res_blocks=1,
        temperal_downsample=[False],
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    )
    pipe = QwenImagePipeline(
        transformer=widened(transformer),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae.eval(),
        text_encoder=widened(encoder),
        tokenizer=tokenizer,
    )
    # Words apart from the template's marks, which this tokenizer needs.
    pipe.prompt_template_encode = (
        "<|im_start|> system Describe the image <|im_end|> <|im_start|> user {} <|im_end|> assistant"
    )
    pipe.prompt_template_encode_start_idx = 8
    pipe.set_progress_bar_config(disable=True)
    return pipe


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """A small call without guidance of the pipeline's own, to latents."""
    return {
        "num_inference_steps": steps,
        "output_type": "latent",
        "true_cfg_scale": 1.0,
        "height": 16,
        "width": 16,
    }
