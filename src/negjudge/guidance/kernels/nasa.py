"""Negative-Away Steer Attention (Nguyen et al., "SNOOPI", arXiv:2412.02687) as a pure function."""

from __future__ import annotations

import torch

from negjudge.guidance.kernels.attention import GuidedCall, Strength
from negjudge.guidance.kernels.layout import TokenLayout


def nasa_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: TokenLayout,
    *,
    scale: Strength = 0.1,
    attn_mask: torch.Tensor | None = None,
    attn_scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """Attention from whose picture rows the attention over the negative is subtracted: Z = Z⁺ − αZ⁻.

    The paper has cross-attention only: Z⁺ over P, Z⁻ over N0. In joint attention, as in the MMDiT code of
    VSF's authors, Z⁺ is over I, P and Z⁻ over I, N0. P attends I, P and N0 attends I, N0.

    Args:
        query, key, value: ``(batch, heads, tokens, head_dim)``; fewer key heads with ``enable_gqa``.
        layout: which tokens are picture, positive and negative.
        scale: α ≥ 0.
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
    positive, negative = call.branch("P"), call.branch("N")
    guided = positive["I"] - scale * negative["I"]
    return call.join({**negative, **positive, "I": call.only_where_negative(guided, positive["I"])})
