"""Wan 2.1 and 2.2, text to video: cross-attention of the video over T5's tokens."""

from __future__ import annotations

from typing import Any

import torch

from negjudge.errors import NegjudgeError
from negjudge.guidance.base import Padding
from negjudge.guidance.families.base import Arguments, Family, extend_keys, refuse_own_guidance, spelled
from negjudge.guidance.kernels.layout import TokenLayout
from negjudge.guidance.negatives import Encoded, Negatives


class Wan(Family):
    """Text carries no positions. Wan 2.2 has two denoisers, for much noise and for little; both are guided.

    The pipeline pads text with zeros to 512; T5 does not see the padding, so cutting it off is exact.
    """

    pipelines = ("WanPipeline",)
    processors = ("WanAttnProcessor",)

    def denoisers(self, pipe: Any) -> list[torch.nn.Module]:
        both = (pipe.transformer, getattr(pipe, "transformer_2", None))
        return [each for each in both if each is not None]

    def check_pipeline(self, pipe: Any) -> None:
        for denoiser in self.denoisers(pipe):
            inner: Any = getattr(denoiser, "_orig_mod", denoiser)
            if inner.config.added_kv_proj_dim is not None:
                raise NegjudgeError(
                    "Wan's image-to-video models cannot be guided; supported are the text-to-video ones"
                )

    def attention_modules(self, denoiser: Any) -> dict[str, torch.nn.Module]:
        return {f"blocks.{i}.attn2": block.attn2 for i, block in enumerate(denoiser.blocks)}

    def plain_arguments(self, pipe: Any) -> dict[str, Any]:
        return {"guidance_scale": 1.0}

    def check_call(self, pipe: Any, call: Arguments) -> None:
        refuse_own_guidance(call, "guidance_scale", above=1, use=1)

    def noise(self, forward: Arguments) -> float:
        return float(forward["timestep"].max()) / 1000

    def size(self, denoiser: Any, forward: Arguments) -> tuple[int, ...]:
        grid = forward["hidden_states"].shape[-3:]
        return tuple(n // patch for n, patch in zip(grid, denoiser.config.patch_size, strict=True))

    def encode(self, pipe: Any, text: str, padding: Padding, forward: Arguments, call: Arguments) -> Encoded:
        from diffusers.pipelines.wan.pipeline_wan import prompt_clean

        length = self.text(forward).shape[1]
        tokens = pipe.encode_prompt(
            prompt=text, do_classifier_free_guidance=False, max_sequence_length=length
        )[0][0]
        padded = "max_length" if padding == "full" else False
        ids = pipe.tokenizer(prompt_clean(text), padding=padded, max_length=length, truncation=True).input_ids
        return Encoded(tokens[: len(ids)], *spelled(pipe.tokenizer, ids))

    def extend(
        self, denoiser: Any, forward: Arguments, negatives: Negatives, hook: Any
    ) -> tuple[dict[str, Any], TokenLayout]:
        return extend_keys(forward, negatives)
