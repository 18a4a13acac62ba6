"""The judge: what a vision-language model says of pictures, as calibrated verdicts."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negjudge.judge.judge import Judge
    from negjudge.judge.scorer import Scorer
    from negjudge.judge.vqascore import VQAScore

__all__ = ["Judge", "Scorer", "VQAScore"]

_HOMES = {
    "Judge": "judge",
    "Scorer": "scorer",
    "VQAScore": "vqascore",
}  # fetched at first use: they bring torch


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
