"""One attention call of a model, cut into token groups: who attends whom, with which mask."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F

from negjudge.guidance.kernels.layout import TokenLayout

Strength = float | torch.Tensor
"""How strong guidance is: a number; a tensor without dimensions where it changes from step to step; or one of
shape ``(batch, 1, 1, 1)`` where each picture has its own."""


class Operands(NamedTuple):
    """What one attention takes: tensors ``(batch, heads, tokens, head_dim)``, a mask that fits its scores."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    mask: torch.Tensor | None
    scale: float
    enable_gqa: bool


def attention(operands: Operands) -> torch.Tensor:
    """Softmax attention by the fused kernel, ``(batch, heads, queries, head_dim)``."""
    query, key, value, mask, scale, enable_gqa = operands
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=scale, enable_gqa=enable_gqa
    )


def attention_with_lse(operands: Operands) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention and the log-sum-exp of its scores, ``(batch, heads, queries)``.

    By the fused kernel where it gives both (``has_fused_lse``); elsewhere the scores are written out.
    """
    query, key, value, mask, scale, enable_gqa = operands
    fused = has_fused_lse(query, key, value)
    if enable_gqa:
        key, value = (x.repeat_interleave(query.shape[1] // x.shape[1], dim=1) for x in (key, value))
    if mask is not None and mask.dtype == torch.bool:
        mask = torch.zeros_like(mask, dtype=query.dtype).masked_fill(~mask, -math.inf)
    if fused:
        if mask is not None:
            mask = mask[(None,) * (4 - mask.ndim)]
        out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, attn_mask=mask, scale=scale
        )
        return out, lse
    wide = torch.promote_types(query.dtype, torch.float32)
    scores = query.to(wide) @ key.to(wide).transpose(-2, -1) * scale
    if mask is not None:
        scores = scores + mask
    lse = scores.logsumexp(dim=-1)
    return ((scores - lse.unsqueeze(-1)).exp() @ value.to(wide)).to(query.dtype), lse


def has_fused_lse(*tensors: torch.Tensor) -> bool:
    """Whether a fused kernel returns a log-sum-exp for these: on a CPU, and without a gradient through it."""
    tracked = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
    return tensors[0].device.type == "cpu" and not tracked


class GuidedCall:
    """A model's attention call seen through a layout.

    Groups are named by the letters of the papers: "I" picture, "P" positive text, "N" negative text;
    "IP" is both, in the order that they have in the sequence. In cross-attention the only rows are "I",
    and "IP" as keys means P.
    """

    def __init__(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        layout: TokenLayout,
        attn_mask: torch.Tensor | None = None,
        attn_scale: float | None = None,
        enable_gqa: bool = False,
    ) -> None:
        image, positive, negative, self.cross = layout.spans(query.shape[-2], key.shape[-2])
        self.query, self.key, self.value, self.layout = query, key, value, layout
        self.attn_mask, self.enable_gqa = attn_mask, enable_gqa
        self.attn_scale = 1 / math.sqrt(query.shape[-1]) if attn_scale is None else attn_scale
        texts = {"P": positive, "N": negative}
        self._rows = {"I": image} if self.cross else {"I": image, **texts}
        self._keys = texts if self.cross else {"I": image, **texts}

    @property
    def has_negative(self) -> bool:
        """Whether there is a negative token at all."""
        return len(self._keys["N"]) > 0

    @property
    def fused_lse(self) -> bool:
        """Whether the call's log-sum-exps come from a fused kernel."""
        return has_fused_lse(self.query, self.key, self.value)

    def plain(self) -> torch.Tensor:
        """The call as the model made it, ``query``'s shape."""
        return attention(
            Operands(self.query, self.key, self.value, self.attn_mask, self.attn_scale, self.enable_gqa)
        )

    def operands(self, rows: str, keys: str) -> Operands:
        """What attention of ``rows`` over ``keys`` takes, each in sequence order."""
        return Operands(
            _take(self.query, _ordered(self._rows, rows)),
            _take(self.key, _ordered(self._keys, keys)),
            _take(self.value, _ordered(self._keys, keys)),
            self._mask(rows, keys),
            self.attn_scale,
            self.enable_gqa,
        )

    def per_key(self, keys: str, negative: Strength, otherwise: Strength) -> torch.Tensor:
        """One number for each key of ``keys``: ``negative`` on N, ``otherwise`` elsewhere.

        ``(keys, 1)``, or ``(batch, 1, keys, 1)`` where each picture has its own.
        """
        parts = [
            self.query.new_ones(len(self._keys[group]), 1) * (negative if group == "N" else otherwise)
            for group in _sorted(self._keys, keys)
        ]
        leading = torch.broadcast_shapes(*(part.shape[:-2] for part in parts))
        return torch.cat([part.expand(*leading, -1, -1) for part in parts], dim=-2)

    def split(self, rows: str, tensor: torch.Tensor, dim: int = -2) -> dict[str, torch.Tensor]:
        """Cut a result for ``rows`` into its groups."""
        groups = _sorted(self._rows, rows)
        parts = tensor.split([len(self._rows[group]) for group in groups], dim=dim)
        return dict(zip(groups, parts, strict=True))

    def branch(self, text: str) -> dict[str, torch.Tensor]:
        """What picture and text would be if ``text`` ("P" or "N") were the only prompt."""
        return self.split("I" + text, attention(self.operands("I" + text, "I" + text)))

    def without_negative(self) -> torch.Tensor:
        """The call as the plain model would make it: the negative attends picture and itself, unseen."""
        if self.cross:
            return attention(self.operands("I", "P"))
        parts = self.split("IP", attention(self.operands("IP", "IP")))
        return self.join({**parts, "N": attention(self.operands("N", "IN"))})

    def only_where_negative(self, guided: torch.Tensor, unguided: torch.Tensor) -> torch.Tensor:
        """``guided``, but ``unguided`` for the pictures of the batch whose negative is empty."""
        mask = self.layout.negative_mask
        if mask is None:
            return guided
        return torch.where(mask.any(dim=-1)[:, None, None, None], guided, unguided)

    def join(self, parts: dict[str, torch.Tensor]) -> torch.Tensor:
        """Put the rows of all groups back in sequence order, ``query``'s shape."""
        return torch.cat([parts[group] for group in _sorted(self._rows, "IPN")], dim=-2)

    def _mask(self, rows: str, keys: str) -> torch.Tensor | None:
        mask = self._who_sees_whom(rows, keys)
        weights = self.layout.negative_weights
        if weights is None or "N" not in keys or not self.has_negative:
            return mask
        bias = self._log_weights(keys, weights)
        if mask is None:
            return bias
        return bias.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else mask + bias

    def _log_weights(self, keys: str, weights: torch.Tensor) -> torch.Tensor:
        """A token that counts w times adds ln w to its scores, ``(batch, 1, 1, keys)``."""
        parts = [
            weights.to(self.query).log()
            if group == "N"
            else self.query.new_zeros(len(weights), len(self._keys[group]))
            for group in _sorted(self._keys, keys)
        ]
        return torch.cat(parts, dim=-1)[:, None, None, :]

    def _who_sees_whom(self, rows: str, keys: str) -> torch.Tensor | None:
        mask = self.attn_mask
        if mask is not None:
            if mask.shape[-2] > 1:
                mask = _take(mask, _ordered(self._rows, rows))
            if mask.shape[-1] > 1:
                mask = _take(mask, _ordered(self._keys, keys), dim=-1)
        real = self._real_keys(keys)
        if mask is None or real is None:
            return real if mask is None else mask
        return mask & real if mask.dtype == torch.bool else mask.masked_fill(~real, -math.inf)

    def _real_keys(self, keys: str) -> torch.Tensor | None:
        """The layout's masks as ``(batch, 1, 1, keys)``; never one entry for each query and key."""
        masks = {"I": None, "P": self.layout.positive_mask, "N": self.layout.negative_mask}
        groups = _sorted(self._keys, keys)
        if all(masks[group] is None for group in groups):
            return None
        every = self.query.new_ones(len(self.query), 1, dtype=torch.bool)
        parts = []
        for group in groups:
            mask = masks[group]
            parts.append(every.expand(-1, len(self._keys[group])) if mask is None else mask)
        real = torch.cat(parts, dim=-1)
        if "I" not in groups:
            # A softmax over nothing is not a number; what it gives here is thrown away (only_where_negative).
            real = real | ~real.any(dim=-1, keepdim=True)
        return real[:, None, None, :]


def _sorted(spans: dict[str, range], groups: str) -> list[str]:
    return sorted(
        (group for group in spans if group in groups and len(spans[group])), key=lambda g: spans[g].start
    )


def _ordered(spans: dict[str, range], groups: str) -> list[range]:
    return [spans[group] for group in _sorted(spans, groups)]


def _take(tensor: torch.Tensor, parts: list[range], dim: int = -2) -> torch.Tensor:
    """The tokens of some groups: a view where the groups are neighbours, else a copy."""
    merged: list[range] = []
    for part in parts:
        if merged and merged[-1].stop == part.start:
            merged[-1] = range(merged[-1].start, part.stop)
        else:
            merged.append(part)
    pieces = [tensor.narrow(dim, part.start, len(part)) for part in merged]
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces, dim=dim)
