"""Encoded negative prompts, and a batch of them."""

from __future__ import annotations

import itertools
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

    A picture's phrases lie one after another, the first of every picture in one slot, the second in the next:
    ``slots`` are their widths, so that each phrase has the same positions in every picture, which are those
    of a prompt of its own. ``phrases`` are the phrases' lengths, a tuple a picture.

    ``tokens`` is ``(batch, n, width)``; ``mask`` is boolean ``(batch, n)``, or None where all slots are full;
    ``weights`` is ``(batch, n)``, or None where every token counts once. ``words`` are a picture's tokens,
    blank where a slot is not full. ``leak`` asks for a copy of them among the positive tokens, as the
    original VSF code has it.
    """

    tokens: torch.Tensor
    mask: torch.Tensor | None = None
    weights: torch.Tensor | None = None
    words: tuple[tuple[str, ...], ...] = ()
    leak: bool = False
    slots: tuple[int, ...] = ()
    phrases: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def batch(
        cls,
        pictures: Sequence[Sequence[tuple[Encoded, float]]],
        like: torch.Tensor,
        leak: bool = False,
        bucketed: bool = False,
    ) -> Negatives:
        """Put each picture's encodings with their weights into one batch of ``like``'s device and dtype.

        ``bucketed`` makes slots of a few widths, always with a mask, so that a compiled denoiser meets few
        shapes; what is masked changes nothing.
        """
        phrases = tuple(tuple(len(one.tokens) for one, _ in picture) for picture in pictures)
        slots = tuple(map(max, itertools.zip_longest(*phrases, fillvalue=0)))
        if bucketed:
            slots = tuple(map(_bucket, slots))
        starts = [0, *itertools.accumulate(slots)]
        tokens = like.new_zeros(len(pictures), starts[-1], like.shape[-1])
        weights = torch.ones(tokens.shape[:2], device=like.device)
        mask = torch.zeros(tokens.shape[:2], dtype=torch.bool, device=like.device)
        words = []
        for row, picture in enumerate(pictures):
            said: list[str] = []
            for start, (one, weight) in zip(starts, picture, strict=False):
                place = slice(start, start + len(one.tokens))
                tokens[row, place], weights[row, place], mask[row, place] = one.tokens, weight, True
                said += [""] * (start - len(said)) + list(one.words)
            words.append(tuple(said))
        return cls(
            tokens,
            None if not bucketed and all(lengths == slots for lengths in phrases) else mask,
            weights if any(weight != 1 for picture in pictures for _, weight in picture) else None,
            tuple(words),
            leak,
            slots,
            phrases,
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


def _bucket(length: int) -> int:
    """Return the power of two from 8 on, or the multiple of 128, that holds a length."""
    if length > 128:
        return length + -length % 128
    return max(8, 1 << (length - 1).bit_length())
