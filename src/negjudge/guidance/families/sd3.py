"""Stable Diffusion 3 and 3.5: joint attention, picture first, then CLIP's tokens, then T5's."""

from __future__ import annotations

from typing import Any

import torch

from negjudge.guidance.base import Padding
from negjudge.guidance.families.base import Arguments, Family, refuse, refuse_own_guidance, spelled
from negjudge.guidance.kernels.layout import TokenLayout
from negjudge.guidance.negatives import Encoded, Negatives


class SD3(Family):
    """Text carries no positions here, so appended tokens leave picture and prompt as they were.

    Pooled text comes from the positive prompt. SD3.5's ``attn2`` sees only the picture and is left alone.
    """

    pipelines = (
        "StableDiffusion3Pipeline",
        "StableDiffusion3Img2ImgPipeline",
        "StableDiffusion3InpaintPipeline",
        "StableDiffusion3ControlNetPipeline",
    )
    encoders = ("tokenizer", "text_encoder", "tokenizer_2", "text_encoder_2")
    processors = ("JointAttnProcessor2_0", "FusedJointAttnProcessor2_0")

    def attention_modules(self, denoiser: Any) -> dict[str, torch.nn.Module]:
        return {f"transformer_blocks.{i}.attn": b.attn for i, b in enumerate(denoiser.transformer_blocks)}

    def plain_arguments(self, pipe: Any) -> dict[str, Any]:
        return {"guidance_scale": 0.0}

    def check_call(self, pipe: Any, call: Arguments) -> None:
        refuse_own_guidance(call, "guidance_scale", above=1, use=0)
        refuse(call, "an IP-Adapter", "ip_adapter_image", "ip_adapter_image_embeds")

    def noise(self, forward: Arguments) -> float:
        return float(forward["timestep"].max()) / 1000

    def size(self, denoiser: Any, forward: Arguments) -> tuple[int, ...]:
        height, width = forward["hidden_states"].shape[-2:]
        patch = denoiser.config.patch_size
        return height // patch, width // patch

    def encode(self, pipe: Any, text: str, padding: Padding, forward: Arguments, call: Arguments) -> Encoded:
        clip = pipe.tokenizer_max_length
        t5 = self.text(forward).shape[1] - clip
        clip_ids = _ids(pipe.tokenizer, text, padding, clip)
        t5_ids = [] if pipe.text_encoder_3 is None else _ids(pipe.tokenizer_3, text, padding, t5)
        kept = max(len(clip_ids), len(_ids(pipe.tokenizer_2, text, padding, clip)))
        zeros = t5 if pipe.text_encoder_3 is None and padding == "full" else 0
        tokens = pipe.encode_prompt(
            prompt=text,
            prompt_2=None,
            prompt_3=None,
            do_classifier_free_guidance=False,
            # T5 attends to its padding, so the exact number; a tokenizer cannot cut to none at all.
            max_sequence_length=max(len(t5_ids), zeros, 1),
            lora_scale=(forward.get("joint_attention_kwargs") or {}).get("scale"),
            clip_skip=call.get("clip_skip"),
        )[0][0]
        words, special = spelled(pipe.tokenizer, clip_ids)
        t5_words, t5_special = spelled(pipe.tokenizer_3, t5_ids) if t5_ids else ((), ())
        blank = kept - len(clip_ids), zeros
        return Encoded(
            # CLIP is causal, so cutting its padding off is the same as never adding it.
            torch.cat([tokens[:kept], tokens[clip : clip + len(t5_ids) + zeros]]),
            (*words, *[""] * blank[0], *t5_words, *[""] * blank[1]),
            (*special, *[True] * blank[0], *t5_special, *[True] * blank[1]),
        )

    def extend(
        self, denoiser: Any, forward: Arguments, negatives: Negatives, hook: Any
    ) -> tuple[dict[str, Any], TokenLayout]:
        text, positive, positive_mask = negatives.append_to(self.text(forward))
        height, width = self.size(denoiser, forward)
        image = height * width
        layout = negatives.layout(slice(0, image), image, positive, positive_mask)
        return {**forward, "encoder_hidden_states": text}, layout


def _ids(tokenizer: Any, text: str, padding: Padding, length: int) -> list[int]:
    """The tokens of a text, cut to a length, and padded to it where asked for."""
    padded = "max_length" if padding == "full" else False
    ids: list[int] = tokenizer(text, padding=padded, max_length=length, truncation=True).input_ids
    return ids
