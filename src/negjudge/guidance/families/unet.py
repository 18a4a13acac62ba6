"""The U-Nets of Stable Diffusion and SDXL, SD-Turbo and SDXL-Turbo among them: cross-attention over CLIP.

Flipped attention in U-Nets is older than VSF: NegPiP (hako-mikan) does it for prompts with negative weights.
"""

from __future__ import annotations

from typing import Any

import torch

from negjudge.errors import NegjudgeError
from negjudge.guidance.base import Padding
from negjudge.guidance.families.base import (
    Arguments,
    Family,
    extend_keys,
    refuse,
    refuse_own_guidance,
    require_parts,
    spelled,
    with_inversions,
)
from negjudge.guidance.kernels.layout import TokenLayout
from negjudge.guidance.negatives import Encoded, Negatives


class UNet(Family):
    """Text carries no positions in the U-Net. Pooled text and sizes are those of the positive prompt.

    Where a latent consistency model has the guidance scale embedded, it stays what the call says.
    """

    pipelines = (
        "StableDiffusionXLPipeline",
        "StableDiffusionXLImg2ImgPipeline",
        "StableDiffusionXLInpaintPipeline",
        "StableDiffusionXLControlNetPipeline",
        "StableDiffusionXLControlNetImg2ImgPipeline",
        "StableDiffusionXLControlNetInpaintPipeline",
        "StableDiffusionPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
        "StableDiffusionControlNetPipeline",
        "StableDiffusionControlNetImg2ImgPipeline",
        "StableDiffusionControlNetInpaintPipeline",
        "LatentConsistencyModelPipeline",
        "LatentConsistencyModelImg2ImgPipeline",
    )
    encoders = ()  # SDXL's refiner has the second alone
    processors = ("AttnProcessor2_0", "FusedAttnProcessor2_0")

    def denoisers(self, pipe: Any) -> list[torch.nn.Module]:
        return [pipe.unet]

    def attention_modules(self, denoiser: Any) -> dict[str, torch.nn.Module]:
        found = {name: each for name, each in denoiser.named_modules() if name.endswith(".attn2")}
        # In the order of the forward, which is that of their names down, mid, up.
        return dict(sorted(found.items(), key=lambda named: "dmu".index(named[0][0])))

    def check_pipeline(self, pipe: Any) -> None:
        if getattr(pipe, "text_encoder_2", None) is None:
            require_parts(pipe, ("tokenizer", "text_encoder"))

    def plain_arguments(self, pipe: Any) -> dict[str, Any]:
        return {} if _is_embedded(pipe) else {"guidance_scale": 0.0}

    def cfg_arguments(self, pipe: Any, scale: float, negative_prompt: str | list[str]) -> dict[str, Any]:
        if _is_embedded(pipe):
            raise NegjudgeError(
                "this latent consistency model has its guidance embedded and no CFG; use VSF, NAG or NASA"
            )
        return super().cfg_arguments(pipe, scale, negative_prompt)

    def check_call(self, pipe: Any, call: Arguments) -> None:
        if not _is_embedded(pipe):
            refuse_own_guidance(call, "guidance_scale", above=1, use=0)
        refuse(call, "an IP-Adapter", "ip_adapter_image", "ip_adapter_image_embeds")

    def noise(self, forward: Arguments) -> float:
        return float(torch.as_tensor(forward["timestep"]).max()) / 1000

    def size(self, denoiser: Any, forward: Arguments) -> tuple[int, ...]:
        height, width = forward["sample"].shape[-2:]
        return height, width

    def pictures(self, forward: Arguments) -> int:
        return len(forward["sample"])

    def encode(self, pipe: Any, text: str, padding: Padding, forward: Arguments, call: Arguments) -> Encoded:
        tokenizer = pipe.tokenizer or pipe.tokenizer_2
        length = tokenizer.model_max_length
        padded = "max_length" if padding == "full" else False
        expanded = with_inversions(pipe, text, tokenizer)
        ids = tokenizer(expanded, padding=padded, max_length=length, truncation=True).input_ids
        # CLIP is causal, so cutting its padding off is the same as never adding it.
        tokens = pipe.encode_prompt(
            prompt=text,
            device=self.text(forward).device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=False,
            lora_scale=(forward.get("cross_attention_kwargs") or {}).get("scale"),
            clip_skip=call.get("clip_skip"),
        )[0][0]
        return Encoded(tokens[: len(ids)], *spelled(tokenizer, ids))

    def extend(
        self, denoiser: Any, forward: Arguments, negatives: Negatives, hook: Any
    ) -> tuple[dict[str, Any], TokenLayout]:
        return extend_keys(forward, negatives)


def _is_embedded(pipe: Any) -> bool:
    return pipe.unet.config.time_cond_proj_dim is not None
