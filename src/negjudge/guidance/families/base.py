"""What a model family tells the guide: where its text and its attention are. An adapter is a subclass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from negjudge.guidance.layout import TokenLayout
from negjudge.guidance.methods import Padding


@dataclass(frozen=True, eq=False)
class Negatives:
    """The encoded negatives of a batch.

    ``tokens`` is ``(batch, n, width)``; ``mask`` is boolean ``(batch, n)``, or None where all have length n.
    ``leak`` asks for a copy of them among the positive tokens, as the original VSF code has it.
    """

    tokens: torch.Tensor
    mask: torch.Tensor | None
    leak: bool = False

    @classmethod
    def batch(cls, encoded: Sequence[torch.Tensor], like: torch.Tensor, leak: bool = False) -> Negatives:
        """Put encodings ``(n_i, width)`` into one batch, with ``like``'s device and dtype."""
        lengths = [len(tokens) for tokens in encoded]
        tokens = like.new_zeros(len(encoded), max(lengths), like.shape[-1])
        for row, one in enumerate(encoded):
            tokens[row, : len(one)] = one
        if min(lengths) == max(lengths):
            return cls(tokens, None, leak)
        positions = torch.arange(max(lengths), device=like.device)
        return cls(tokens, positions < torch.tensor(lengths, device=like.device)[:, None], leak)

    def append_to(self, text: torch.Tensor) -> tuple[torch.Tensor, int, torch.Tensor | None]:
        """Append to positive tokens ``(batch, p, width)``.

        Returns the whole text, how many of its tokens count as positive, and their mask.
        """
        if not self.leak:
            return torch.cat([text, self.tokens], dim=1), text.shape[1], None
        positive = text.shape[1] + self.tokens.shape[1]
        whole = torch.cat([text, self.tokens, self.tokens], dim=1)
        if self.mask is None:
            return whole, positive, None
        return whole, positive, torch.cat([self.mask.new_ones(text.shape[:2]), self.mask], dim=1)


class Family(ABC):
    """A model family. The guide calls these in the order in which they stand here."""

    pipelines: ClassVar[tuple[str, ...]]
    """Names of the pipeline classes, subclasses included."""

    @abstractmethod
    def denoisers(self, pipe: Any) -> list[torch.nn.Module]:
        """The modules whose forward is guided."""

    @abstractmethod
    def attention_modules(self, denoiser: torch.nn.Module) -> dict[str, torch.nn.Module]:
        """The modules, by name, whose one attention call sees both picture and text.

        Raises NegjudgeError where a processor is set that does not end in one plain attention call.
        """

    @abstractmethod
    def plain_arguments(self) -> dict[str, Any]:
        """What a call of the pipeline needs so that it does no guidance of its own."""

    @abstractmethod
    def cfg_arguments(self, scale: float, negative_prompt: str | list[str]) -> dict[str, Any]:
        """What a call of the pipeline needs for CFG."""

    @abstractmethod
    def check_call(self, arguments: Mapping[str, Any]) -> None:
        """Raise NegjudgeError, naming the switch, where a call of the pipeline cannot be guided."""

    @abstractmethod
    def encode(
        self, pipe: Any, texts: Sequence[str], padding: Padding, forward: Mapping[str, Any]
    ) -> list[torch.Tensor]:
        """Encode negatives, each ``(n_i, width)``; ``forward`` holds the denoiser's arguments by name."""

    @abstractmethod
    def extend(
        self, denoiser: torch.nn.Module, forward: Mapping[str, Any], negatives: Negatives
    ) -> tuple[dict[str, Any], TokenLayout]:
        """Return the denoiser's arguments with the negatives in them, and where the tokens then are."""

    @abstractmethod
    def text(self, forward: Mapping[str, Any]) -> torch.Tensor:
        """The positive text tokens among the denoiser's arguments, ``(batch, p, width)``."""
