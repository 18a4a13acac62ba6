"""Value Sign Flip (Guo and Du, "VSF", arXiv:2508.10931) as a pure function."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F

from negjudge.guidance.kernels.attention import GuidedCall, Operands, Strength, attention, attention_with_lse
from negjudge.guidance.kernels.layout import TokenLayout

Form = Literal["auto", "lse", "sdpa", "mask"]


def vsf_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: TokenLayout,
    *,
    scale: Strength = 1.0,
    offset: Strength = 0.0,
    attn_mask: torch.Tensor | None = None,
    attn_scale: float | None = None,
    enable_gqa: bool = False,
    form: Form = "auto",
) -> torch.Tensor:
    """Attention in which the picture sees the negative's values with their sign flipped.

    With N1 a copy of the negative's keys whose values are multiplied by ``-scale`` (the paper's α):

    - joint attention: I attends I, P and N1, with ``-offset`` (β) added to the scores of N1; P attends I, P;
      N0 attends I, N0, so that the negative is encoded as if it were the only prompt;
    - cross-attention: softmax([Q K⁺ᵀ/√d ; Q K⁻ᵀ/√d − β]) [V⁺ ; −αV⁻].

    No mask of queries by keys is made. Three forms give the same numbers: "lse" mixes two attentions,
    Z = wO⁺ − (1−w)αO⁻ with w = σ(ℓ⁺ − ℓ⁻ + β), ℓ the log-sum-exps of their scores; "sdpa" is one call, with
    one more dimension that carries the offset (1 on a query, −β/``attn_scale`` on a key of N1, 0 on others);
    "mask" is one call with −β in a mask of one entry a key. "auto" takes what benchmarks/attention.py found
    fastest.

    Scale 0 is not "off": N1 still takes its share of the softmax.

    Args:
        query, key, value: ``(batch, heads, tokens, head_dim)``; fewer key heads with ``enable_gqa``.
        layout: which tokens are picture, positive and negative.
        scale: α ≥ 0.
        offset: β; +∞ gives the plain model.
        attn_mask: the model's own mask over queries and keys, boolean (True takes part) or additive.
        attn_scale: the model's softmax scale, 1/√head_dim where None.

    Returns:
        A tensor of ``query``'s shape.

    Raises:
        ValueError: the layout does not fit the tensors.
    """
    call = GuidedCall(query, key, value, layout, attn_mask, attn_scale, enable_gqa)
    if not call.has_negative:
        return call.plain()
    if form == "auto":
        form = _faster_form(call, offset)
    if form == "lse":
        parts = _flip_by_lse(call, scale, offset)
    else:
        parts = _flip_by_sdpa(call, scale, offset, _with_key_mask if form == "mask" else _with_offset)
    if not call.cross:
        parts["N"] = attention(call.operands("N", "IN"))
    return call.join(parts)


def _faster_form(call: GuidedCall, offset: Strength) -> Form:
    """As measured by benchmarks/attention.py on a CPU; elsewhere only "sdpa" runs a fused kernel."""
    if _is_zero(offset) or not call.fused_lse:
        return "sdpa"
    return "mask" if call.cross else "lse"


def _flip_by_lse(call: GuidedCall, scale: Strength, offset: Strength) -> dict[str, torch.Tensor]:
    """Rows I and P: the plain model's attention, then the picture's mixed with its attention over N."""
    out, lse = attention_with_lse(call.operands("IP", "IP"))
    parts = call.split("IP", out)
    plain, plain_lse = parts["I"], call.split("IP", lse, dim=-1)["I"]
    negative, negative_lse = attention_with_lse(call.operands("I", "N"))
    weight = torch.sigmoid((plain_lse - negative_lse).unsqueeze(-1) + offset)
    flipped = weight * plain - (1 - weight) * scale * negative
    return {**parts, "I": call.only_where_negative(flipped.to(plain.dtype), plain)}


def _flip_by_sdpa(
    call: GuidedCall, scale: Strength, offset: Strength, lowered: Callable[..., Operands]
) -> dict[str, torch.Tensor]:
    """Rows I in one call over I, P and N1, rows P in another over I and P."""
    picture, unit = call.operands("I", "IPN"), _unit(call.value.dtype, scale)
    signs = call.per_key("IPN", negative=-scale / unit, otherwise=1 / unit)
    picture = picture._replace(value=picture.value * signs)
    if _is_zero(offset):
        flipped = attention(picture)
    else:
        flipped = attention(lowered(call, picture, offset))[..., : call.query.shape[-1]]
    if isinstance(unit, torch.Tensor) or unit != 1:
        flipped = (flipped.float() * unit).to(flipped.dtype)
    parts = {"I": flipped}
    if not call.cross:
        parts["P"] = attention(call.operands("P", "IP"))
    return parts


def _is_zero(offset: Strength) -> bool:
    return not isinstance(offset, torch.Tensor) and offset == 0


def _unit(dtype: torch.dtype, scale: Strength) -> Strength:
    """Return what values are divided by before attention, and results multiplied by.

    A flipped value may be too large for float16 where the mean that it goes into is not.
    """
    if dtype != torch.float16:
        return 1.0
    return scale.clamp(min=1.0) if isinstance(scale, torch.Tensor) else max(scale, 1.0)


def _with_key_mask(call: GuidedCall, picture: Operands, offset: Strength) -> Operands:
    """Add −offset to the scores of N1's keys by a mask ``(1 or batch, 1, 1, keys)``."""
    bias = call.per_key("IPN", negative=-offset, otherwise=0.0)[..., 0].unsqueeze(-2)
    bias = bias[(None,) * (4 - bias.ndim)]
    mask = picture.mask
    if mask is not None:
        bias = bias.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else bias + mask
    return picture._replace(mask=bias)


def _with_offset(call: GuidedCall, picture: Operands, offset: Strength) -> Operands:
    """Add a dimension whose product is −offset on N1's keys, and zeros up to a size that kernels take."""
    query, key, value = picture.query, picture.key, picture.value
    width = 8 if query.device.type == "cuda" else 1
    query = torch.cat([query, query.new_ones(*query.shape[:-1], 1)], dim=-1)
    bias = call.per_key("IPN", negative=-offset / picture.scale, otherwise=0.0)
    key = torch.cat([key, bias.expand(*key.shape[:-1], 1)], dim=-1)
    return picture._replace(
        query=F.pad(query, (0, width - 1)), key=F.pad(key, (0, width - 1)), value=F.pad(value, (0, width))
    )
