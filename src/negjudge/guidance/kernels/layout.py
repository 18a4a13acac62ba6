"""Which tokens of an attention call are picture, positive text and negative text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch


class Spans(NamedTuple):
    """The token groups as ranges. In cross-attention ``image`` counts queries and the others count keys."""

    image: range
    positive: range
    negative: range
    cross: bool


@dataclass(frozen=True, eq=False)
class TokenLayout:
    """Where picture (I), positive text (P) and negative text (N0) lie on the token axis.

    Joint attention (MMDiT): the three slices divide the tokens among them, in any order. Cross-attention:
    ``image`` is every query, ``positive`` and ``negative`` divide the keys.

    ``positive_mask`` and ``negative_mask`` are boolean ``(batch, n)``, True where a token is real, for
    prompts of different length in one batch. A row whose negative has no real token is left unguided.
    ``negative_weights`` ``(batch, n)``, above 0, say how many times each token of the negative counts.
    """

    image: slice
    positive: slice
    negative: slice
    positive_mask: torch.Tensor | None = None
    negative_mask: torch.Tensor | None = None
    negative_weights: torch.Tensor | None = None

    def spans(self, queries: int, keys: int) -> Spans:
        """Check the layout against a call of so many queries and keys, and return it as ranges.

        Raises ValueError where slices overlap, leave tokens out, or a mask does not fit its slice.
        """
        positive, negative = _range(self.positive, keys, "positive"), _range(self.negative, keys, "negative")
        cross = len(positive) + len(negative) == keys
        image = _range(self.image, queries, "image")
        if cross:
            whole = [(image, queries)]
            keyed = [positive, negative]
        else:
            whole = []
            keyed = [image, positive, negative]
            if queries != keys:
                raise ValueError(f"joint attention has as many queries as keys, here {queries} and {keys}")
        if not _divides(keyed, keys) or not all(_divides([part], n) for part, n in whole):
            raise ValueError(
                f"the layout {self._slices()} does not cover {queries} queries and {keys} keys once each"
            )
        _check_mask(self.positive_mask, positive, "positive_mask")
        _check_mask(self.negative_mask, negative, "negative_mask")
        weights = self.negative_weights
        if weights is not None and (weights.ndim != 2 or weights.shape[1] != len(negative)):
            raise ValueError(f"negative_weights is {tuple(weights.shape)}, expected (batch, {len(negative)})")
        return Spans(image, positive, negative, cross)

    def _slices(self) -> str:
        parts = {"image": self.image, "positive": self.positive, "negative": self.negative}
        return ", ".join(f"{name}={part.start}:{part.stop}" for name, part in parts.items())


def _range(part: slice, size: int, name: str) -> range:
    if part.step not in (None, 1):
        raise ValueError(f"the layout's {name} slice has step {part.step}; tokens of a group are neighbours")
    return range(*part.indices(size))


def _divides(parts: list[range], size: int) -> bool:
    position = 0
    for part in sorted((part for part in parts if len(part)), key=lambda part: part.start):
        if part.start != position:
            return False
        position = part.stop
    return position == size


def _check_mask(mask: torch.Tensor | None, part: range, name: str) -> None:
    if mask is None:
        return
    if mask.dtype != torch.bool or mask.ndim != 2 or mask.shape[1] != len(part):
        raise ValueError(
            f"{name} is {mask.dtype} {tuple(mask.shape)}, expected torch.bool (batch, {len(part)})"
        )
