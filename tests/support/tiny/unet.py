"""Stable Diffusion and SDXL with tiny random weights."""

from __future__ import annotations

from typing import Any

import torch
from tiny import texts
from tiny.parts import finished, image_vae, seeded, widened

CHANNELS = 4
TIME_IDS = 8  # embedding of each of SDXL's six sizes


def build(seed: int = 0, dtype: torch.dtype = torch.float32, xl: bool = True, consistency: bool = False):
    """SDXL with two CLIPs and its pooled text and sizes, or SD with one; as a latent consistency model.

    All of the denoiser computes in its weights' dtype, float64 included.
    """
    import diffusers

    with seeded(seed):
        tokenizer = texts.clip_tokenizer()
        # Euler's scheduler raises a deprecation warning of NumPy's, which is an error in tests.
        scheduler = diffusers.DDIMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
            timestep_spacing="trailing",
        )
        parts = {"vae": image_vae(CHANNELS), "tokenizer": tokenizer, "scheduler": scheduler}
        parts["text_encoder"] = texts.clip_encoder(tokenizer, 16 if xl else 32, None)
        embedded = {"time_cond_proj_dim": 8} if consistency else {}
        if not xl:
            parts |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
            pipe = diffusers.StableDiffusionPipeline(**parts, unet=_denoiser(32, **embedded))
        else:
            pipe = diffusers.StableDiffusionXLPipeline(
                **parts,
                text_encoder_2=texts.clip_encoder(tokenizer, 24, 16),
                tokenizer_2=tokenizer,
                unet=_denoiser(
                    16 + 24,
                    addition_embed_type="text_time",
                    addition_time_embed_dim=TIME_IDS,
                    projection_class_embeddings_input_dim=6 * TIME_IDS + 16,
                    transformer_layers_per_block=(1, 2),
                    **embedded,
                ),
                add_watermarker=False,
            )
    return finished(pipe, dtype)


def _denoiser(text_width: int, **more: Any):
    from diffusers import UNet2DConditionModel

    return widened(
        UNet2DConditionModel(
            sample_size=16,
            in_channels=CHANNELS,
            out_channels=CHANNELS,
            block_out_channels=(16, 32),
            layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=(1, 2),  # the number of heads, despite its name
            cross_attention_dim=text_width,
            norm_num_groups=4,
            use_linear_projection=True,
            **more,
        )
    )


def call_arguments(steps: int = 2) -> dict[str, Any]:
    return {
        "height": 32,
        "width": 32,
        "num_inference_steps": steps,
        "guidance_scale": 0.0,
        "output_type": "latent",
    }
