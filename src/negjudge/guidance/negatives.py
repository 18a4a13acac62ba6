"""Encoded negative prompts, and a batch of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from negjudge.errors import NegjudgeError
from negjudge.guidance.kernels.layout import TokenLayout


@dataclass(frozen=True, eq=False)
class Encoded:
    """An encoded negative: ``tokens`` ``(n, width)``, what each token says, and whether it is a special one.

    Special are begin, end and padding tokens and those of a chat template.
    """

    tokens: torch.Tensor
    words: tuple[str, ...]
    special: tuple[bool, ...]

    def without_special(self) -> Encoded:
        """The tokens of the text alone. Raises NegjudgeError where nothing is left."""
        kept = [i for i, special in enumerate(self.special) if not special]
        if not kept:
            raise NegjudgeError('the negative has special tokens alone; use special="keep"')
        return Encoded(self.tokens[kept], tuple(self.words[i] for i in kept), (False,) * len(kept))


@dataclass(frozen=True, eq=False)
class Negatives:
    """The negatives of a batch.

    ``tokens`` is ``(batch, n, width)``; ``mask`` is boolean ``(batch, n)``, or None where all have length n;
    ``weights`` is ``(batch, n)``, or None where every token counts once. ``words`` are a picture's tokens.
    ``leak`` asks for a copy of them among the positive tokens, as the original VSF code has it.
    """

    tokens: torch.Tensor
    mask: torch.Tensor | None = None
    weights: torch.Tensor | None = None
    words: tuple[tuple[str, ...], ...] = ()
    leak: bool = False

    @classmethod
    def batch(
        cls, pictures: Sequence[Sequence[tuple[Encoded, float]]], like: torch.Tensor, leak: bool = False
    ) -> Negatives:
        """Put each picture's encodings with their weights into one batch of ``like``'s device and dtype."""
        lengths = [sum(len(one.tokens) for one, _ in picture) for picture in pictures]
        tokens = like.new_zeros(len(pictures), max(lengths), like.shape[-1])
        weights = torch.ones(tokens.shape[:2], device=like.device)
        for row, picture in enumerate(pictures):
            start = 0
            for one, weight in picture:
                stop = start + len(one.tokens)
                tokens[row, start:stop] = one.tokens
                weights[row, start:stop] = weight
                start = stop
        positions = torch.arange(max(lengths), device=like.device)
        mask = positions < torch.tensor(lengths, device=like.device)[:, None]
        return cls(
            tokens,
            None if min(lengths) == max(lengths) else mask,
            weights if any(weight != 1 for picture in pictures for _, weight in picture) else None,
            tuple(tuple(word for one, _ in picture for word in one.words) for picture in pictures),
            leak,
        )

    @property
    def length(self) -> int:
        """The number of tokens, n."""
        return self.tokens.shape[1]

    def append_to(self, text: torch.Tensor) -> tuple[torch.Tensor, int, torch.Tensor | None]:
        """Append to positive tokens ``(batch, p, width)``.

        Returns the whole text, how many of its tokens count as positive, and their mask.
        """
        if not self.leak:
            return torch.cat([text, self.tokens], dim=1), text.shape[1], None
        positive = text.shape[1] + self.length
        whole = torch.cat([text, self.tokens, self.tokens], dim=1)
        if self.mask is None:
            return whole, positive, None
        return whole, positive, torch.cat([self.mask.new_ones(text.shape[:2]), self.mask], dim=1)

    def layout(
        self, image: slice, first: int, positive: int, positive_mask: torch.Tensor | None = None
    ) -> TokenLayout:
        """Where the tokens are when the text begins at ``first`` with ``positive`` positive tokens."""
        second = first + positive
        return TokenLayout(
            image=image,
            positive=slice(first, second),
            negative=slice(second, second + self.length),
            positive_mask=positive_mask,
            negative_mask=self.mask,
            negative_weights=self.weights,
        )
