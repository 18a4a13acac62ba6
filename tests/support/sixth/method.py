"""A guidance method as a contributor adds one: its class, which becomes ``negjudge/guidance/blend.py``."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from negjudge.guidance.base import AttentionGuidance, require

if TYPE_CHECKING:
    from negjudge.guidance.interception import Kernel


@dataclass(frozen=True, repr=False)
class Blend(AttentionGuidance):
    """The picture goes from what it sees with the prompt towards what it sees with the negative, or away."""

    name = "blend"
    title = "Blended"
    strength = "share"

    share: float = 0.5
    way: Literal["towards", "away"] = "towards"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.share <= 1, "Blend's share", self.share, "from 0 to 1")

    def attention(self) -> Kernel:
        """Attention over picture and prompt, mixed with that over picture and negative."""
        from negjudge.guidance.kernels.blend import blend_attention

        return functools.partial(blend_attention, share=self.share, way=self.way)
