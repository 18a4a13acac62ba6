"""From the hidden states that answer to the logits of the answers: few rows, in float32."""

from __future__ import annotations

from typing import Any

import torch


def at_places(hidden: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    """Return the rows (batch, questions, width) of ``hidden`` (batch, tokens, width) at the places ``last``.

    Only the rows that answer go through the head: with 150,000 words, all of them would not fit.
    """
    return hidden[torch.arange(len(last), device=hidden.device)[:, None], last.clamp(min=0)]


def token_logits(head: Any, hidden: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Return the logits (..., tokens) of a few tokens from hidden states (..., width), in float32 or finer.

    Only these rows of the head are multiplied: logits in bfloat16 come in steps of 1/16, and differ with the
    batch. A head with a LoRA on it, or a quantised one, has no such rows; it answers in its own precision.
    """
    wide = torch.promote_types(hidden.dtype, torch.float32)
    if not has_rows(head):
        logits: torch.Tensor = head(hidden)[..., tokens].to(wide)
        return logits
    with torch.autocast(hidden.device.type, enabled=False):
        logits = hidden.to(wide) @ head.weight[tokens].to(wide).T
        return logits if head.bias is None else logits + head.bias[tokens].to(wide)


def has_rows(head: Any) -> bool:
    """Tell whether a head is a plain matrix, a row a word."""
    return type(head) is torch.nn.Linear and head.weight.is_floating_point()
