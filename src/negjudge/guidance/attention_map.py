"""The attention that a picture pays to each token of the negative, by step and layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from negjudge.guidance.base import AttentionGuidance
from negjudge.guidance.kernels.attention import GuidedCall, attention_with_lse

if TYPE_CHECKING:
    from negjudge.guidance.negatives import Negatives


@dataclass
class AttentionRecord:
    """Collects maps while ``guide(…, record=AttentionRecord())`` is on, step after step.

    VSF's picture attends I, P and N1 in one softmax, and a map is N1's share of it. NAG and NASA attend the
    negative in a softmax of its own over I and N0 (in cross-attention over N0 alone): a map is a share of
    that.

    Attributes:
        noise: the noise left at each recorded step, from 1 to 0.
        words: the tokens of each picture's negative.
        size: height and width of the picture in tokens, before them the frames of a video. A U-Net's layers
            have a half, a quarter … of it.
        maps: for each step the mean share over heads, by the layer's name: ``(pictures, image tokens, n)``.
    """

    noise: list[float] = field(default_factory=list)
    words: tuple[tuple[str, ...], ...] = ()
    size: tuple[int, ...] = ()
    maps: list[dict[str, torch.Tensor]] = field(default_factory=list)

    def begin_step(self, noise: float, size: tuple[int, ...], negatives: Negatives) -> None:
        """What is seen from here on belongs to one more step."""
        self.noise.append(noise)
        self.words, self.size = negatives.words, size
        self.maps.append({})

    def recorder(self, method: AttentionGuidance) -> Callable[[str, GuidedCall], None]:
        """What an interception shows its guided calls to."""

        def see(name: str, call: GuidedCall) -> None:
            self.maps[-1][name] = negative_share(call, method).float().cpu()

        return see


@torch.no_grad()
def negative_share(call: GuidedCall, method: AttentionGuidance) -> torch.Tensor:
    """Return each negative token's mean share of the picture's attention ``(batch, image tokens, n)``."""
    query, key, _, mask, scale, enable_gqa = call.operands("I", "N")
    if enable_gqa:
        key = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1)
    scores = query.float() @ key.float().transpose(-2, -1) * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
    total = scores.logsumexp(dim=-1)
    offset = method.shared_offset
    if offset is not None:
        scores = scores - offset
        total = torch.logaddexp(total - offset, attention_with_lse(call.operands("I", "IP"))[1])
    elif not call.cross:
        total = torch.logaddexp(total, attention_with_lse(call.operands("I", "I"))[1])
    return (scores - total.unsqueeze(-1)).exp().mean(dim=1)
