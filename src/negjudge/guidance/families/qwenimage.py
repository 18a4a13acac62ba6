"""Qwen-Image: joint attention, the language model's tokens first, then the picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from negjudge.guidance.base import Padding
from negjudge.guidance.families.base import Arguments, Family, refuse_own_guidance, spelled_in_template
from negjudge.guidance.interception import replaced
from negjudge.guidance.kernels.layout import TokenLayout
from negjudge.guidance.negatives import Encoded, Negatives


@dataclass
class _Positions:
    """Rotary positions for several texts one after another, each as if it were the only one."""

    original: Any
    lengths: tuple[int, ...] = ()

    def clear(self) -> None:
        self.lengths = ()

    def forward(self, shapes: Any, *args: Any, **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        picture, text = self.original(shapes, *args, **kwargs)
        if not self.lengths:
            return picture, text
        return picture, torch.cat([text[:length] for length in self.lengths])


class QwenImage(Family):
    """Text positions are derived from the text's length: a negative's are those of a prompt of its own.

    The chat template's tokens after the prompt are special ones. Nothing is padded but to the longest of a
    batch, so both kinds of padding are the same. ``guidance_scale`` is the embedded guidance, and stays.
    """

    pipelines = ("QwenImagePipeline", "QwenImageImg2ImgPipeline", "QwenImageInpaintPipeline")
    processors = ("QwenDoubleStreamAttnProcessor2_0",)

    def attention_modules(self, denoiser: Any) -> dict[str, torch.nn.Module]:
        return {f"transformer_blocks.{i}.attn": b.attn for i, b in enumerate(denoiser.transformer_blocks)}

    def plain_arguments(self, pipe: Any) -> dict[str, Any]:
        return {"true_cfg_scale": 1.0}

    def cfg_arguments(self, pipe: Any, scale: float, negative_prompt: str | list[str]) -> dict[str, Any]:
        # The pipeline takes an empty negative prompt for none.
        return {"true_cfg_scale": scale, "negative_prompt": negative_prompt or " "}

    def check_call(self, pipe: Any, call: Arguments) -> None:
        if call.get("negative_prompt") is not None or call.get("negative_prompt_embeds") is not None:
            refuse_own_guidance(call, "true_cfg_scale", above=1, use=1)

    def noise(self, forward: Arguments) -> float:
        return float(forward["timestep"].max())

    def size(self, denoiser: Any, forward: Arguments) -> tuple[int, ...]:
        height, width = forward["img_shapes"][0][0][1:]
        return height, width

    def encode(self, pipe: Any, text: str, padding: Padding, forward: Arguments, call: Arguments) -> Encoded:
        head = pipe.prompt_template_encode_start_idx
        words, special = spelled_in_template(pipe.tokenizer, pipe.prompt_template_encode.format, text)
        longest = call.get("max_sequence_length") or pipe.tokenizer_max_length
        tokens = pipe.encode_prompt(prompt=text, max_sequence_length=longest)[0][0]
        return Encoded(tokens, words[head : head + len(tokens)], special[head : head + len(tokens)])

    @contextmanager
    def hooked(self, denoiser: Any) -> Iterator[_Positions]:
        positions = _Positions(denoiser.pos_embed.forward)
        with replaced(denoiser.pos_embed, "forward", positions.forward):
            yield positions

    def extend(
        self, denoiser: Any, forward: Arguments, negatives: Negatives, hook: _Positions
    ) -> tuple[dict[str, Any], TokenLayout]:
        prompt = self.text(forward)
        text, positive, mask = negatives.append_to(prompt)
        hook.lengths = (prompt.shape[1], *negatives.slots * (2 if negatives.leak else 1))
        seen = forward.get("encoder_hidden_states_mask")
        if seen is not None:
            added = seen.new_ones(len(seen), text.shape[1] - prompt.shape[1])
            seen = torch.cat([seen, added], dim=1)
        layout = negatives.layout(slice(text.shape[1], None), 0, positive, mask)
        return {**forward, "encoder_hidden_states": text, "encoder_hidden_states_mask": seen}, layout
