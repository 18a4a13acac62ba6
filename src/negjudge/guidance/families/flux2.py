"""FLUX.2: joint attention in double and single blocks, a language model's tokens first, then the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from negjudge.errors import NegjudgeError
from negjudge.guidance.base import Padding
from negjudge.guidance.families.base import Arguments, chat, refuse, refuse_own_guidance, spelled_in_template
from negjudge.guidance.families.flux import Flux
from negjudge.guidance.kernels.layout import TokenLayout
from negjudge.guidance.negatives import Encoded, Negatives


class Flux2Klein(Flux):
    """The positions of text count up; those of a negative from 0, as if it were the only prompt.

    The chat template's tokens are special ones. Pictures that the prompt refers to are refused.
    """

    pipelines = ("Flux2KleinPipeline",)
    encoders = ("tokenizer", "text_encoder")
    processors = ("Flux2AttnProcessor", "Flux2ParallelSelfAttnProcessor")

    def plain_arguments(self, pipe: Any) -> dict[str, Any]:
        return {"guidance_scale": 1.0}

    def cfg_arguments(self, pipe: Any, scale: float, negative_prompt: str | list[str]) -> dict[str, Any]:
        if pipe.config.is_distilled:
            raise NegjudgeError("this FLUX.2 klein is distilled and ignores CFG; use another method")
        if negative_prompt != "":
            raise NegjudgeError(
                "FLUX.2 klein's pipeline takes no negative prompt for CFG; use VSF, NAG or NASA"
            )
        return {"guidance_scale": scale}

    def check_call(self, pipe: Any, call: Arguments) -> None:
        if not pipe.config.is_distilled:
            refuse_own_guidance(call, "guidance_scale", above=1, use=1)
        refuse(call, "pictures in the prompt", "image")

    def encode(self, pipe: Any, text: str, padding: Padding, forward: Arguments, call: Arguments) -> Encoded:
        render = chat(pipe.tokenizer, add_generation_prompt=True, enable_thinking=False)
        return self._encode(pipe, pipe.tokenizer, render, text, padding, forward, call)

    def _encode(
        self,
        pipe: Any,
        tokenizer: Any,
        render: Callable[[str], str],
        text: str,
        padding: Padding,
        forward: Arguments,
        call: Arguments,
    ) -> Encoded:
        longest = self.text(forward).shape[1]
        words, special = spelled_in_template(tokenizer, render, text)
        length = longest if padding == "full" else min(len(words), longest)
        layers = call.get("text_encoder_out_layers")
        tokens = pipe.encode_prompt(
            prompt=text,
            max_sequence_length=length,
            **({"text_encoder_out_layers": layers} if layers else {}),
        )[0][0]
        padding_words, padding_special = ("",) * (length - len(words)), (True,) * (length - len(words))
        if tokenizer.padding_side == "left":
            words, special = padding_words + words, padding_special + special
        return Encoded(tokens, (words + padding_words)[:length], (special + padding_special)[:length])

    def extend(
        self, denoiser: Any, forward: Arguments, negatives: Negatives, hook: Any
    ) -> tuple[dict[str, Any], TokenLayout]:
        arguments, layout = super().extend(denoiser, forward, negatives, hook)
        ids = forward["txt_ids"]
        own = ids.new_zeros(*ids.shape[:-2], negatives.length, ids.shape[-1])
        own[..., -1] = torch.cat([torch.arange(slot, device=ids.device) for slot in negatives.slots])
        copies = [own, own] if negatives.leak else [own]
        return {**arguments, "txt_ids": torch.cat([ids, *copies], dim=-2)}, layout


class Flux2(Flux2Klein):
    """FLUX.2 dev: the guidance is embedded and stays; there is no CFG."""

    pipelines = ("Flux2Pipeline",)

    def plain_arguments(self, pipe: Any) -> dict[str, Any]:
        return {}

    def cfg_arguments(self, pipe: Any, scale: float, negative_prompt: str | list[str]) -> dict[str, Any]:
        raise NegjudgeError("FLUX.2's pipeline has no CFG; use VSF, NAG or NASA")

    def check_call(self, pipe: Any, call: Arguments) -> None:
        refuse(call, "pictures in the prompt", "image")

    def encode(self, pipe: Any, text: str, padding: Padding, forward: Arguments, call: Arguments) -> Encoded:
        from diffusers.pipelines.flux2.pipeline_flux2 import format_input

        def render(text: str) -> str:
            messages = format_input(prompts=[text], system_message=pipe.system_message)[0]
            whole: str = pipe.tokenizer.apply_chat_template(
                messages, add_generation_prompt=False, tokenize=False
            )
            return whole

        tokenizer = getattr(pipe.tokenizer, "tokenizer", pipe.tokenizer)
        return self._encode(pipe, tokenizer, render, text, padding, forward, call)
