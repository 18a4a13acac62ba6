"""FLUX.1: joint attention in double and single blocks, T5's tokens first, then the picture."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from negjudge.guidance.base import Padding
from negjudge.guidance.families.base import (
    Arguments,
    Family,
    refuse,
    refuse_own_guidance,
    spelled,
    with_inversions,
)
from negjudge.guidance.kernels.layout import TokenLayout
from negjudge.guidance.negatives import Encoded, Negatives


class Flux(Family):
    """All text has the position 0, so appended tokens leave picture and prompt as they were.

    CLIP's pooled text and the embedded guidance (``guidance_scale``) stay those of the positive prompt.
    """

    pipelines: ClassVar[tuple[str, ...]] = (
        "FluxPipeline",
        "FluxImg2ImgPipeline",
        "FluxInpaintPipeline",
        "FluxKontextPipeline",
        "FluxFillPipeline",
        "FluxControlPipeline",
        "FluxControlNetPipeline",
    )
    encoders: ClassVar[tuple[str, ...]] = ("tokenizer", "text_encoder", "tokenizer_2", "text_encoder_2")
    processors: ClassVar[tuple[str, ...]] = ("FluxAttnProcessor",)

    def attention_modules(self, denoiser: Any) -> dict[str, torch.nn.Module]:
        return {
            f"{kind}.{i}.attn": block.attn
            for kind in ("transformer_blocks", "single_transformer_blocks")
            for i, block in enumerate(getattr(denoiser, kind))
        }

    def plain_arguments(self, pipe: Any) -> dict[str, Any]:
        return {}

    def cfg_arguments(self, pipe: Any, scale: float, negative_prompt: str | list[str]) -> dict[str, Any]:
        return {"true_cfg_scale": scale, "negative_prompt": negative_prompt}

    def check_call(self, pipe: Any, call: Arguments) -> None:
        if call.get("negative_prompt") is not None or call.get("negative_prompt_embeds") is not None:
            refuse_own_guidance(call, "true_cfg_scale", above=1, use=1)
        refuse(call, "an IP-Adapter", "ip_adapter_image", "ip_adapter_image_embeds")

    def noise(self, forward: Arguments) -> float:
        return float(forward["timestep"].max())

    def size(self, denoiser: Any, forward: Arguments) -> tuple[int, ...]:
        ids = forward["img_ids"]
        height, width = (int(ids[..., axis].max()) + 1 for axis in (1, 2))
        return height, width

    def encode(self, pipe: Any, text: str, padding: Padding, forward: Arguments, call: Arguments) -> Encoded:
        length = self.text(forward).shape[1]
        padded = "max_length" if padding == "full" else False
        expanded = with_inversions(pipe, text, pipe.tokenizer_2)
        ids = pipe.tokenizer_2(expanded, padding=padded, max_length=length, truncation=True).input_ids
        # T5 attends to its padding here, so the exact number of tokens.
        tokens = pipe.encode_prompt(prompt=text, prompt_2=None, max_sequence_length=len(ids))[0][0]
        return Encoded(tokens, *spelled(pipe.tokenizer_2, ids))

    def extend(
        self, denoiser: Any, forward: Arguments, negatives: Negatives, hook: Any
    ) -> tuple[dict[str, Any], TokenLayout]:
        text, positive, mask = negatives.append_to(self.text(forward))
        ids = forward["txt_ids"]
        positions = ids.new_zeros(*ids.shape[:-2], text.shape[1], ids.shape[-1])
        layout = negatives.layout(slice(text.shape[1], None), 0, positive, mask)
        return {**forward, "encoder_hidden_states": text, "txt_ids": positions}, layout
