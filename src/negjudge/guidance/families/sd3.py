"""Stable Diffusion 3 and 3.5: joint attention, picture first, then CLIP's tokens, then T5's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from negjudge.errors import NegjudgeError
from negjudge.guidance.families.base import Family, Negatives
from negjudge.guidance.layout import TokenLayout
from negjudge.guidance.methods import Padding


class SD3(Family):
    """Text carries no positions here, so appended tokens leave picture and prompt as they were.

    Pooled text comes from the positive prompt. SD3.5's ``attn2`` sees only the picture and is left alone.
    """

    pipelines = (
        "StableDiffusion3Pipeline",
        "StableDiffusion3Img2ImgPipeline",
        "StableDiffusion3InpaintPipeline",
    )

    def denoisers(self, pipe: Any) -> list[torch.nn.Module]:
        return [pipe.transformer]

    def attention_modules(self, denoiser: Any) -> dict[str, torch.nn.Module]:
        modules = {
            f"transformer_blocks.{i}.attn": block.attn for i, block in enumerate(denoiser.transformer_blocks)
        }
        for name, module in modules.items():
            processor = type(module.processor).__name__
            if processor not in ("JointAttnProcessor2_0", "FusedJointAttnProcessor2_0"):
                raise NegjudgeError(
                    f"{name} has the processor {processor}, which cannot be guided; "
                    "call pipe.transformer.set_attn_processor(JointAttnProcessor2_0())"
                )
        return modules

    def plain_arguments(self) -> dict[str, Any]:
        return {"guidance_scale": 0.0}

    def cfg_arguments(self, scale: float, negative_prompt: str | list[str]) -> dict[str, Any]:
        return {"guidance_scale": scale, "negative_prompt": negative_prompt}

    def check_call(self, arguments: Mapping[str, Any]) -> None:
        if arguments["guidance_scale"] > 1:
            raise NegjudgeError(
                f"the pipeline's own guidance is on (guidance_scale={arguments['guidance_scale']:g}); "
                "pass guidance_scale=0 to a pipeline inside guide"
            )
        for name in ("ip_adapter_image", "ip_adapter_image_embeds"):
            if arguments.get(name) is not None:
                raise NegjudgeError(
                    f"guidance together with an IP-Adapter is not supported; leave out {name}"
                )

    def text(self, forward: Mapping[str, Any]) -> torch.Tensor:
        tokens: torch.Tensor = forward["encoder_hidden_states"]
        return tokens

    def encode(
        self, pipe: Any, texts: Sequence[str], padding: Padding, forward: Mapping[str, Any]
    ) -> list[torch.Tensor]:
        clip = pipe.tokenizer_max_length
        t5 = max(self.text(forward).shape[1] - clip, 0)
        lora_scale = (forward.get("joint_attention_kwargs") or {}).get("scale")
        return [self._encode_one(pipe, text, padding, clip, t5, lora_scale) for text in texts]

    def _encode_one(
        self, pipe: Any, text: str, padding: Padding, clip: int, t5: int, lora_scale: float | None
    ) -> torch.Tensor:
        keep = clip
        if padding == "none":
            keep = min(
                max(_length(tokenizer, text) for tokenizer in (pipe.tokenizer, pipe.tokenizer_2)), clip
            )
            t5 = 0 if pipe.text_encoder_3 is None else min(_length(pipe.tokenizer_3, text), t5)
        tokens = pipe.encode_prompt(
            prompt=text,
            prompt_2=None,
            prompt_3=None,
            do_classifier_free_guidance=False,
            # T5 attends to its padding, so the exact number; a tokenizer cannot cut to none at all.
            max_sequence_length=max(t5, 1),
            lora_scale=lora_scale,
        )[0][0]
        # CLIP is causal, so cutting its padding off is the same as never adding it.
        return torch.cat([tokens[:keep], tokens[clip : clip + t5]])

    def extend(
        self, denoiser: Any, forward: Mapping[str, Any], negatives: Negatives
    ) -> tuple[dict[str, Any], TokenLayout]:
        text, positive, positive_mask = negatives.append_to(self.text(forward))
        height, width = forward["hidden_states"].shape[-2:]
        patch = denoiser.config.patch_size
        image = (height // patch) * (width // patch)
        layout = TokenLayout(
            image=slice(0, image),
            positive=slice(image, image + positive),
            negative=slice(image + positive, image + text.shape[1]),
            positive_mask=positive_mask,
            negative_mask=negatives.mask,
        )
        return {**forward, "encoder_hidden_states": text}, layout


def _length(tokenizer: Any, text: str) -> int:
    return len(tokenizer(text).input_ids)
