"""Tiny FLUX.2 pipelines: klein with Qwen3, dev with Mistral 3."""

from __future__ import annotations

from typing import Any

import torch
from tiny.texts import chat_tokenizer, qwen3, widened

LENGTH = 24


def build(seed: int = 0, klein: bool = True, distilled: bool = False) -> Any:
    """FLUX.2 klein, or FLUX.2 dev."""
    from diffusers import FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline

    torch.manual_seed(seed)
    tokenizer = chat_tokenizer(LENGTH)
    if not klein:
        return _dev()
    pipe = Flux2KleinPipeline(
        transformer=transformer(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae(),
        text_encoder=qwen3(tokenizer, 16, layers=28),
        tokenizer=tokenizer,
        is_distilled=distilled,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _dev() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, Flux2Pipeline
    from transformers import (
        Mistral3Config,
        Mistral3ForConditionalGeneration,
        MistralConfig,
        PixtralImageProcessor,
        PixtralProcessor,
        PixtralVisionConfig,
    )

    tokenizer = chat_tokenizer(LENGTH, more=("[IMG]", "[IMG_BREAK]", "[IMG_END]"))
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|> {{ m['role'] }} "
        "{% for c in m['content'] %}{{ c['text'] }} {% endfor %}<|im_end|> {% endfor %}"
    )
    text = MistralConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=31,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        bos_token_id=None,
        eos_token_id=None,
    )
    vision = PixtralVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, patch_size=8
    )
    encoder = Mistral3ForConditionalGeneration(
        Mistral3Config(text_config=text, vision_config=vision, image_token_index=0)
    )
    pipe = Flux2Pipeline(
        transformer=transformer(guidance_embeds=True),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae(),
        text_encoder=widened(encoder),
        tokenizer=PixtralProcessor(
            image_processor=PixtralImageProcessor(),
            tokenizer=tokenizer,
            patch_size=8,
            chat_template=tokenizer.chat_template,
        ),
    )
    pipe.system_message = "Describe the image"
    pipe.set_progress_bar_config(disable=True)
    return pipe


def transformer(guidance_embeds: bool = False) -> Any:
    """Two double and two single blocks."""
    from diffusers import Flux2Transformer2DModel

    return widened(
        Flux2Transformer2DModel(
            in_channels=16,
            num_layers=2,
            num_single_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=48,
            timestep_guidance_channels=16,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=guidance_embeds,
        )
    )


def vae() -> Any:
    """The autoencoder with its norm over latents."""
    from diffusers import AutoencoderKLFlux2

    return AutoencoderKLFlux2(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=16,
    ).eval()


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """A small call without guidance of the pipeline's own, to latents."""
    return {
        "num_inference_steps": steps,
        "max_sequence_length": LENGTH,
        "output_type": "latent",
        "height": 16,
        "width": 16,
        "guidance_scale": 1.0,
    }
