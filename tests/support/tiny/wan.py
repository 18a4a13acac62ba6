"""Wan 2.1 and 2.2 with tiny random weights."""

from __future__ import annotations

from typing import Any

import torch
from tiny import texts
from tiny.parts import finished, seeded, widened

CHANNELS = 4
TEXT_WIDTH = 32
T5_LENGTH = 16


def build(seed: int = 0, dtype: torch.dtype = torch.float32, two: bool = False):
    """Wan 2.1, or 2.2 with a second denoiser for the later, less noisy steps.

    The denoiser runs in float64, but its norms and gates are in float32 whatever its weights are; the
    pipeline keeps latents in float32.
    """
    import diffusers

    with seeded(seed):
        pipe = diffusers.WanPipeline(
            **_parts(),
            transformer=_denoiser(),
            transformer_2=_denoiser() if two else None,
            boundary_ratio=0.875 if two else None,
        )
    return _kept_in_float32(finished(pipe, dtype))


def build_i2v(seed: int = 0, dtype: torch.dtype = torch.float32):
    """Wan 2.1 from a first frame, which is seen by an attention of its own.

    Without the package ftfy this class of pipeline encodes no text: pass ``prompt_embeds``.
    """
    import diffusers
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

    with seeded(seed):
        vision = CLIPVisionConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=32,
            patch_size=16,
        )
        sizes = {"height": 32, "width": 32}
        pipe = diffusers.WanImageToVideoPipeline(
            **_parts(),
            transformer=_denoiser(in_channels=2 * CHANNELS + 4, image_dim=16, added_kv_proj_dim=32),
            image_encoder=widened(CLIPVisionModel(vision)),
            image_processor=CLIPImageProcessor(size=sizes, crop_size=sizes),
        )
    return _kept_in_float32(finished(pipe, dtype))


def _parts() -> dict[str, Any]:
    from diffusers import FlowMatchEulerDiscreteScheduler

    tokenizer = texts.t5_tokenizer(T5_LENGTH)
    return {
        "tokenizer": tokenizer,
        "text_encoder": texts.umt5_encoder(tokenizer, TEXT_WIDTH),
        "vae": _vae(),
        # Without a terminal the last of two steps would be at next to no noise, and so next to no denoising.
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=3.0, shift_terminal=0.5),
    }


def _denoiser(**more: Any):
    from diffusers import WanTransformer3DModel

    sizes = {
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "in_channels": CHANNELS,
        "out_channels": CHANNELS,
        "text_dim": TEXT_WIDTH,
        "freq_dim": 32,
        "ffn_dim": 64,
        "num_layers": 2,
        "rope_max_seq_len": 32,
    }
    return widened(WanTransformer3DModel(**{**sizes, **more}))


def _vae():
    from diffusers import AutoencoderKLWan

    return AutoencoderKLWan(
        base_dim=4,
        z_dim=CHANNELS,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.0] * CHANNELS,
        latents_std=[1.0] * CHANNELS,
    ).eval()


def _kept_in_float32(pipe: Any) -> Any:
    """In half precision, keep in float32 what ``from_pretrained`` keeps so."""
    for denoiser in filter(None, (pipe.transformer, pipe.transformer_2)):
        if denoiser.dtype.itemsize < 4:
            for name, tensor in [*denoiser.named_parameters(), *denoiser.named_buffers()]:
                if set(name.split(".")) & set(denoiser._keep_in_fp32_modules):
                    tensor.data = tensor.data.float()
    return pipe


def call_arguments(steps: int = 2) -> dict[str, Any]:
    """Two latent frames of 4 x 4 tokens."""
    return {
        "height": 64,
        "width": 64,
        "num_frames": 5,
        "num_inference_steps": steps,
        "guidance_scale": 1.0,
        "max_sequence_length": T5_LENGTH,
        "output_type": "latent",
    }


def i2v_call_arguments(steps: int = 2) -> dict[str, Any]:
    """The denoiser tells text from picture by the text's length, which must be 512."""
    from PIL import Image

    frame = Image.new("RGB", (64, 64), (200, 40, 40))
    return {**call_arguments(steps), "image": frame, "max_sequence_length": 512}
