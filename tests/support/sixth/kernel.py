"""Its kernel, which becomes ``negjudge/guidance/kernels/blend.py``."""

from __future__ import annotations

import torch

from negjudge.guidance.kernels.attention import GuidedCall, Strength
from negjudge.guidance.kernels.layout import TokenLayout


def blend_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: TokenLayout,
    *,
    share: Strength = 0.5,
    way: str = "towards",
    attn_mask: torch.Tensor | None = None,
    attn_scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """Z⁺ + share · (Z⁻ − Z⁺) in the picture's rows, or minus the same."""
    call = GuidedCall(query, key, value, layout, attn_mask, attn_scale, enable_gqa)
    positive, negative = call.branch("P"), call.branch("N")
    step = share * (negative["I"] - positive["I"]) * (1 if way == "towards" else -1)
    return call.join({**negative, **positive, "I": positive["I"] + step})
