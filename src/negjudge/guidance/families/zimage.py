"""Z-Image: one stream of tokens, the picture first, then the caption, which is refined by itself before."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from negjudge.guidance.base import Padding
from negjudge.guidance.families.base import Arguments, Family, chat, refuse_own_guidance, spelled_in_template
from negjudge.guidance.interception import replaced
from negjudge.guidance.kernels.layout import TokenLayout
from negjudge.guidance.negatives import Encoded, Negatives

PAD = ""  # how a learned padding token is spelled
MULTIPLE = 32  # the denoiser pads captions and pictures with learned tokens to a multiple of this


@dataclass
class _Caption:
    """The negatives that join the stream in the present forward; none in a plain one."""

    negatives: Negatives | None = None

    def clear(self) -> None:
        self.negatives = None


class ZImage(Family):
    """Picture positions follow the caption's length, so the negative is a second caption beside it.

    It goes through the caption's embedding and refiner by itself, with positions as if it were the only one;
    then it joins the stream after the prompt. ``padding`` "full" adds the learned tokens up to 32, as the
    denoiser does to a caption. The chat template's tokens are special ones.
    """

    pipelines = ("ZImagePipeline", "ZImageImg2ImgPipeline", "ZImageInpaintPipeline")
    processors = ("ZSingleStreamAttnProcessor",)

    def attention_modules(self, denoiser: Any) -> dict[str, torch.nn.Module]:
        return {f"layers.{i}.attention": layer.attention for i, layer in enumerate(denoiser.layers)}

    def plain_arguments(self, pipe: Any) -> dict[str, Any]:
        return {"guidance_scale": 0.0}

    def check_call(self, pipe: Any, call: Arguments) -> None:
        refuse_own_guidance(call, "guidance_scale", above=0, use=0)

    def text(self, forward: Arguments) -> torch.Tensor:
        tokens: torch.Tensor = forward["cap_feats"][0]
        return tokens

    def pictures(self, forward: Arguments) -> int:
        return len(forward["cap_feats"])

    def noise(self, forward: Arguments) -> float:
        return 1 - float(forward["t"].min())

    def size(self, denoiser: Any, forward: Arguments) -> tuple[int, ...]:
        height, width = forward["x"][0].shape[-2:]
        patch = forward.get("patch_size", 2)
        return height // patch, width // patch

    def encode(self, pipe: Any, text: str, padding: Padding, forward: Arguments, call: Arguments) -> Encoded:
        render = chat(pipe.tokenizer, add_generation_prompt=True, enable_thinking=True)
        longest = call.get("max_sequence_length") or 512
        words, special = spelled_in_template(pipe.tokenizer, render, text)
        tokens = pipe.encode_prompt(
            prompt=[text], do_classifier_free_guidance=False, max_sequence_length=longest
        )[0][0]
        if padding == "full":
            blank = -len(tokens) % MULTIPLE
            tokens = torch.nn.functional.pad(tokens, (0, 0, 0, blank))
            words, special = (*words[:longest], *[PAD] * blank), (*special[:longest], *[True] * blank)
        return Encoded(tokens, words[: len(tokens)], special[: len(tokens)])

    @contextmanager
    def hooked(self, denoiser: Any) -> Iterator[_Caption]:
        caption = _Caption()
        join = functools.partial(_join, denoiser, caption, denoiser._build_unified_sequence)
        with replaced(denoiser, "_build_unified_sequence", join):
            yield caption

    def extend(
        self, denoiser: Any, forward: Arguments, negatives: Negatives, hook: _Caption
    ) -> tuple[dict[str, Any], TokenLayout]:
        height, width = self.size(denoiser, forward)
        frames = forward["x"][0].shape[-3] // forward.get("f_patch_size", 1)
        image = _up(frames * height * width)
        lengths = torch.tensor([_up(len(caption)) for caption in forward["cap_feats"]])
        positive, mask = int(lengths.max()), None
        if int(lengths.min()) < positive or (negatives.leak and negatives.mask is not None):
            mask = (torch.arange(positive) < lengths[:, None]).to(negatives.tokens.device)
        if negatives.leak:
            positive += negatives.length
            if mask is not None:
                own = negatives.mask
                own = mask.new_ones(len(mask), negatives.length) if own is None else own
                mask = torch.cat([mask, own], dim=1)
        hook.negatives = negatives
        return dict(forward), negatives.layout(slice(0, image), image, positive, mask)


def _join(
    denoiser: Any,
    caption: _Caption,
    original: Callable[..., Any],
    x: torch.Tensor,
    x_freqs: torch.Tensor,
    x_seqlens: list[int],
    x_noise_mask: Any,
    cap: torch.Tensor,
    cap_freqs: torch.Tensor,
    *others: Any,
) -> tuple[torch.Tensor, torch.Tensor, None, None]:
    """Instead of the denoiser's own joining of picture and caption; its masks are those of the layout."""
    if caption.negatives is None:
        joined: tuple[torch.Tensor, torch.Tensor, None, None] = original(
            x, x_freqs, x_seqlens, x_noise_mask, cap, cap_freqs, *others
        )
        return joined
    negative, freqs = _refined(denoiser, caption.negatives)
    copies = 2 if caption.negatives.leak else 1
    stream = torch.cat([x, cap, *[negative] * copies], dim=1)
    return stream, torch.cat([x_freqs, cap_freqs, *[freqs] * copies], dim=1), None, None


def _refined(denoiser: Any, negatives: Negatives) -> tuple[torch.Tensor, torch.Tensor]:
    """The negatives as the denoiser prepares a caption ``(batch, n, dim)``, and their rotary positions.

    Each phrase is refined alone, as if it were the only caption.
    """
    parts, start = [], 0
    for number, slot in enumerate(negatives.slots):
        lengths = [phrases[number] if number < len(phrases) else 0 for phrases in negatives.phrases]
        words = [said[start : start + length] for said, length in zip(negatives.words, lengths, strict=True)]
        parts.append(_refined_slot(denoiser, negatives.tokens[:, start : start + slot], words))
        start += slot
    tokens, freqs = zip(*parts, strict=True)
    return torch.cat(tokens, dim=1), torch.cat(freqs, dim=1)


def _refined_slot(
    denoiser: Any, tokens: torch.Tensor, words: list[tuple[str, ...]]
) -> tuple[torch.Tensor, torch.Tensor]:
    device = tokens.device
    # A picture without a phrase here has one token that nobody sees.
    lengths = [max(len(said), 1) for said in words]
    padded = [torch.tensor([word == PAD for word in said] or [True], device=device) for said in words]
    rows = [row[:length] for row, length in zip(tokens, lengths, strict=True)]
    embedded = denoiser.cap_embedder(torch.cat(rows)).split(lengths)
    positions = [
        denoiser.create_coordinate_grid(size=(length, 1, 1), start=(1, 0, 0), device=device).flatten(0, 2)
        for length in lengths
    ]
    refined, freqs, mask, *_ = denoiser._prepare_sequence(
        list(embedded), positions, padded, denoiser.cap_pad_token, None, device
    )
    for layer in denoiser.context_refiner:
        refined = layer(refined, mask, freqs)
    return _widened(refined, tokens.shape[1]), _widened(freqs, tokens.shape[1])


def _widened(tokens: torch.Tensor, width: int) -> torch.Tensor:
    """Tokens ``(batch, n, …)`` with zeros up to a slot's width, which nobody sees."""
    missing = width - tokens.shape[1]
    if missing <= 0:
        return tokens
    return torch.cat([tokens, tokens.new_zeros(len(tokens), missing, *tokens.shape[2:])], dim=1)


def _up(length: int) -> int:
    return length + -length % MULTIPLE
