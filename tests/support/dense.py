"""Attention as one softmax over a dense table of who sees whom: references of the kernels, in float64."""

from __future__ import annotations

import math

import torch

from negjudge.guidance import TokenLayout

BATCH, HEADS, IMAGE, POSITIVE, NEGATIVE, DIM = 2, 3, 7, 5, 4, 8
EXACT = {"rtol": 0.0, "atol": 1e-12}
INFINITY = float("inf")
FORMS = ["sdpa", "lse", "mask", "auto"]
ORDERS = ["IPN", "PNI", "PIN", "NIP"]


def dense(query, key, value, bias, attn_scale=None):
    """Softmax attention with an explicit additive table, broadcast to (batch, heads, queries, keys)."""
    scale = 1 / math.sqrt(query.shape[-1]) if attn_scale is None else attn_scale
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key) * scale + bias
    weights = torch.exp(scores - scores.amax(-1, keepdim=True))
    return torch.einsum("bhqk,bhkd->bhqd", weights / weights.sum(-1, keepdim=True), value)


def indices(order, sizes):
    spans, start = {}, 0
    for group in order:
        spans[group] = list(range(start, start + sizes[group]))
        start += sizes[group]
    return spans, start


def table(n_query, n_key, seen):
    """-inf except where ``seen`` lists (rows, columns)."""
    bias = torch.full((n_query, n_key), -INFINITY, dtype=torch.float64)
    for rows, columns in seen:
        for row in rows:
            bias[row, columns] = 0.0
    return bias


def reference_vsf(query, key, value, groups, scale, offset, extra=0.0, attn_scale=None):
    """Joint VSF: the negative's keys once more at the end, values times −scale, seen by the picture only."""
    image, positive, negative = groups["I"], groups["P"], groups["N"]
    n = query.shape[2]
    copies = list(range(n, n + len(negative)))
    key = torch.cat([key, key[:, :, negative]], 2)
    value = torch.cat([value, value[:, :, negative] * -scale], 2)
    bias = table(
        n,
        n + len(negative),
        [(image, image + positive + copies), (positive, image + positive), (negative, image + negative)],
    )
    for row in image:
        bias[row, copies] -= offset
    if torch.is_tensor(extra):
        extra = torch.cat([extra, extra[..., negative]], -1)
    return dense(query, key, value, bias + extra, attn_scale)


def reference_branches(query, key, value, groups, extra=0.0, attn_scale=None):
    """Z⁺ and Z⁻ for every row: with the positive, and with the negative, as the only text."""
    image, positive, negative = groups["I"], groups["P"], groups["N"]
    n = query.shape[2]
    everyone = list(range(n))
    plus = dense(query, key, value, table(n, n, [(everyone, image + positive)]) + extra, attn_scale)
    minus = dense(query, key, value, table(n, n, [(everyone, image + negative)]) + extra, attn_scale)
    return plus, minus


def reference_nag_rows(plus, minus, phi, tau, alpha, order):
    """NAG token by token, in plain loops."""
    out = torch.empty_like(plus)
    for b in range(plus.shape[0]):
        for t in range(plus.shape[2]):
            z_plus, z_minus = plus[b, :, t].flatten(), minus[b, :, t].flatten()
            z = z_plus + phi * (z_plus - z_minus)
            ratio = (z.abs() ** order).sum() ** (1 / order) / (z_plus.abs() ** order).sum() ** (1 / order)
            z = z * min(float(ratio), tau) / float(ratio)
            out[b, :, t] = (alpha * z + (1 - alpha) * z_plus).view_as(out[b, :, t])
    return out


def tensors(n_query, n_key=None, seed=0, heads=HEADS, key_heads=HEADS, batch=BATCH):
    generator = torch.Generator().manual_seed(seed)
    shapes = [(heads, n_query), (key_heads, n_key or n_query), (key_heads, n_key or n_query)]
    return [torch.randn(batch, h, n, DIM, dtype=torch.float64, generator=generator) * 1.5 for h, n in shapes]


def joint(order="IPN", seed=0):
    groups, n = indices(order, {"I": IMAGE, "P": POSITIVE, "N": NEGATIVE})
    return tensors(n, seed=seed), groups


def layout(groups, **masks):
    spans = {group: slice(rows[0], rows[-1] + 1) for group, rows in groups.items()}
    return TokenLayout(image=spans["I"], positive=spans["P"], negative=spans["N"], **masks)


def lengths(counts, n):
    return torch.arange(n) < torch.tensor(counts)[:, None]


def close(actual, expected, **tolerance):
    torch.testing.assert_close(actual, expected, **(tolerance or EXACT))


def cross_branches():
    """A call of cross-attention, its layout, and Z⁺ and Z⁻ of it."""
    query, key, value = tensors(IMAGE, POSITIVE + NEGATIVE)
    spans, _ = indices("PN", {"P": POSITIVE, "N": NEGATIVE})
    tokens = layout({"I": list(range(IMAGE)), **spans})
    plus = dense(query, key[:, :, spans["P"]], value[:, :, spans["P"]], 0.0)
    minus = dense(query, key[:, :, spans["N"]], value[:, :, spans["N"]], 0.0)
    return (query, key, value), tokens, plus, minus
