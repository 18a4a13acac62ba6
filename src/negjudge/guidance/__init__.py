"""Negative guidance in the attention: kernels as pure functions, and ``guide`` for diffusers pipelines.

Settings (``VSF``, ``method_from``, …) import without torch; the rest is loaded when first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from negjudge.guidance.methods import CFG, NAG, NASA, VSF, GuidanceMethod, Plain, method_from

if TYPE_CHECKING:
    from negjudge.guidance.attention_map import AttentionRecord
    from negjudge.guidance.guiding import guide, pipeline_arguments
    from negjudge.guidance.kernels.layout import TokenLayout
    from negjudge.guidance.kernels.nag import nag_attention
    from negjudge.guidance.kernels.nasa import nasa_attention
    from negjudge.guidance.kernels.vsf import vsf_attention

_WITH_TORCH = {
    "AttentionRecord": "attention_map",
    "TokenLayout": "kernels.layout",
    "guide": "guiding",
    "nag_attention": "kernels.nag",
    "nasa_attention": "kernels.nasa",
    "pipeline_arguments": "guiding",
    "vsf_attention": "kernels.vsf",
}

__all__ = [
    "CFG",
    "NAG",
    "NASA",
    "VSF",
    "AttentionRecord",
    "GuidanceMethod",
    "Plain",
    "TokenLayout",
    "guide",
    "method_from",
    "nag_attention",
    "nasa_attention",
    "pipeline_arguments",
    "vsf_attention",
]


def __getattr__(name: str) -> Any:
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WITH_TORCH[name]}"), name)
