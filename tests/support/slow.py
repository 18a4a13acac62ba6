"""Guided attention by tables of who sees whom, in plain loops, with no code of the library."""

from __future__ import annotations

import contextlib
import math
from unittest import mock

import torch

from negjudge.guidance import NASA, VSF


def guided(query, key, value, image, positive, negative, method, shown=(), mask=None):
    """Attention over index lists of tokens; ``shown`` are copies that the picture sees unflipped (leak).

    In cross-attention ``image`` is None: every query is the picture's. ``mask`` is boolean over keys.
    """
    cross = image is None
    rows = range(query.shape[-2]) if cross else image
    among = [] if cross else list(image)
    table = no_one(query, key)
    if not cross:
        see(table, positive, [*image, *positive, *shown])
        see(table, shown, [*image, *positive, *shown])
        see(table, negative, [*image, *negative])
    see(table, rows, [*among, *positive, *shown])
    out = attend(query, key, value, table, mask)
    if isinstance(method, VSF):
        wider = torch.cat([key, key[:, :, negative]], 2)
        flipped = torch.cat([value, -method.scale * value[:, :, negative]], 2)
        added = no_one(query, key[:, :, negative])
        added[list(rows)] = -method.offset
        both = mask if mask is None else torch.cat([mask, mask[..., negative]], -1)
        picture = attend(query, wider, flipped, torch.cat([table, added], 1), both)
    else:
        away = no_one(query, key)
        see(away, rows, [*among, *negative])
        if not cross:  # whoever sees nothing gives no numbers
            see(away, [*positive, *shown, *negative], negative)
        plus, minus = out, attend(query, key, value, away, mask)
        picture = plus - method.scale * minus if isinstance(method, NASA) else nag(plus, minus, method)
    result = out.clone()
    result[:, :, list(rows)] = picture[:, :, list(rows)]
    return result


def nag(plus, minus, method):
    steered = plus + method.phi * (plus - minus)
    size = steered.abs().sum((1, 3), keepdim=True) / plus.abs().sum((1, 3), keepdim=True)
    steered = steered * size.clamp(max=method.tau) / size
    return method.alpha * steered + (1 - method.alpha) * plus


def no_one(query, key):
    return torch.full((query.shape[-2], key.shape[-2]), -math.inf, dtype=query.dtype)


def see(table, rows, columns):
    for row in rows:
        table[row, list(columns)] = 0.0


def attend(query, key, value, table, mask):
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key) / math.sqrt(query.shape[-1]) + table
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.einsum("bhqk,bhkd->bhqd", scores.softmax(-1), value)


@contextlib.contextmanager
def in_place_of_attention(image, positive, negative, method, shown=()):
    """Replace the attention calls whose keys are exactly these tokens; yields how often that was."""
    keys = len(positive) + len(shown) + len(negative)
    original, calls = torch.nn.functional.scaled_dot_product_attention, []

    def attention(query, key, value, attn_mask=None, **others):
        joint = image and query.shape[-2] == key.shape[-2] == keys + len(image)
        if not joint and not (image is None and key.shape[-2] == keys):
            return original(query, key, value, attn_mask=attn_mask, **others)
        calls.append(1)
        return guided(query, key, value, image, positive, negative, method, shown, attn_mask)

    with mock.patch.object(torch.nn.functional, "scaled_dot_product_attention", attention):
        yield calls
