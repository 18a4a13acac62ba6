"""VSF as one call with a dense mask over queries and keys: as the authors have it, to measure against."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from negjudge.guidance import TokenLayout


def dense_vsf_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: TokenLayout,
    *,
    scale: float,
    offset: float,
    attn_mask: torch.Tensor | None = None,
    attn_scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """The clean form of VSF over a sequence with N1 appended; the mask is made once for a shape."""
    queries, keys = query.shape[-2], key.shape[-2]
    image, positive, negative, cross = layout.spans(queries, keys)
    copy = slice(negative.start, negative.stop)
    bias = dense_mask(queries, keys, image, positive, negative, cross, offset, query)
    if cross:
        value = value.clone()
        value[:, :, copy] *= -scale
    else:
        key = torch.cat([key, key[:, :, copy]], dim=2)
        value = torch.cat([value, value[:, :, copy] * -scale], dim=2)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=attn_scale)


_masks: dict[tuple[object, ...], torch.Tensor] = {}


def dense_mask(
    queries: int,
    keys: int,
    image: range,
    positive: range,
    negative: range,
    cross: bool,
    offset: float,
    like: torch.Tensor,
) -> torch.Tensor:
    """Who sees whom ``(queries, keys)``, with N1 as more keys in joint attention."""
    known = (queries, keys, image, positive, negative, offset, like.device, like.dtype)
    if known not in _masks:
        wide = keys if cross else keys + len(negative)
        mask = torch.zeros(queries, wide, device=like.device, dtype=like.dtype)
        if cross:
            mask[:, list(negative)] = -offset
        else:
            rows = torch.ones(queries, dtype=torch.bool)
            rows[list(negative)] = False
            mask[rows.to(like.device), negative.start : negative.stop] = -math.inf
            mask[negative.start : negative.stop, positive.start : positive.stop] = -math.inf
            mask[:, keys:] = -math.inf
            mask[image.start : image.stop, keys:] = -offset
        _masks.clear()
        _masks[known] = mask
    return _masks[known]
