"""Normalized Attention Guidance (Chen et al., arXiv:2505.21179) as a pure function."""

from __future__ import annotations

from typing import Literal

import torch

from negjudge.guidance.kernels.attention import GuidedCall, Strength
from negjudge.guidance.kernels.layout import TokenLayout

Norm = Literal["l1", "l2"]


def nag_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: TokenLayout,
    *,
    phi: Strength = 4.0,
    tau: Strength = 2.5,
    alpha: Strength = 0.25,
    norm: Norm = "l1",
    attn_mask: torch.Tensor | None = None,
    attn_scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """Attention whose picture rows are extrapolated away from the negative, then bounded.

    Z⁺ and Z⁻ are the picture's attention over I, P and over I, N0 (in cross-attention over P and over N0);
    the picture's rows become ``extrapolate(Z⁺, Z⁻)``. P attends I, P and N0 attends I, N0.

    Args:
        query, key, value: ``(batch, heads, tokens, head_dim)``; fewer key heads with ``enable_gqa``.
        layout: which tokens are picture, positive and negative.
        phi, tau, alpha, norm: see ``extrapolate``.
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
    guided = extrapolate(positive["I"], negative["I"], phi, tau, alpha, norm)
    return call.join({**negative, **positive, "I": call.only_where_negative(guided, positive["I"])})


def extrapolate(
    plus: torch.Tensor, minus: torch.Tensor, phi: Strength, tau: Strength, alpha: Strength, norm: Norm = "l1"
) -> torch.Tensor:
    """Return NAG's combination of two attention outputs ``(batch, heads, tokens, head_dim)``.

    The paper's three steps, extrapolation, normalisation and refinement:
    Z̃ = Z⁺ + φ(Z⁺ − Z⁻); Ẑ = Z̃ · min(r, τ)/r with r = ‖Z̃‖/‖Z⁺‖; Z = αẐ + (1 − α)Z⁺.
    The norm runs over heads and head_dim together, per token: L1 in the paper, L2 in places of its code.
    In float16 the extrapolation may be too large where the result is not, so it runs in float32.
    """
    dtype = plus.dtype
    if dtype == torch.float16:
        plus, minus = plus.float(), minus.float()
    extrapolated = plus + phi * (plus - minus)
    size, bound = _norm(extrapolated, norm), tau * _norm(plus, norm)
    shrink = torch.where(size > bound, bound / size.where(size > bound, 1.0), 1.0).to(plus.dtype)
    return (alpha * shrink * extrapolated + (1 - alpha) * plus).to(dtype)


def _norm(tensor: torch.Tensor, norm: Norm) -> torch.Tensor:
    # Sums over thousands of numbers overflow in float16.
    wide = tensor.to(torch.promote_types(tensor.dtype, torch.float32))
    return torch.linalg.vector_norm(wide, ord=1 if norm == "l1" else 2, dim=(1, 3), keepdim=True)
