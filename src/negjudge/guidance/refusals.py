"""Modes of a denoiser and a scheduler in which guidance would be wrong, or silently not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from negjudge.errors import NegjudgeError
from negjudge.guidance.families.library import default_backend

BACKENDS = ("native", "_native_cudnn", "_native_efficient", "_native_flash", "_native_math")
"""The attention backends of diffusers that end in F.scaled_dot_product_attention."""


def check_scheduler(scheduler: Any) -> None:
    """Raise NegjudgeError where timesteps are no share of the noise that is left."""
    train_steps = getattr(getattr(scheduler, "config", None), "num_train_timesteps", 1000)
    if hasattr(scheduler, "precondition_noise") or train_steps != 1000:  # EDM's count in logarithms of sigma
        raise NegjudgeError(
            f"start, stop and schedule go by timesteps from 1000 to 0, and {type(scheduler).__name__}'s are "
            "others; leave them out, or set another scheduler"
        )


def check_denoiser(denoiser: Any, modules: Mapping[str, Any], processors: tuple[str, ...]) -> None:
    """Raise NegjudgeError where a denoiser is in a mode in which guidance would be wrong or not there."""
    cache = getattr(denoiser, "_cache_config", None)
    if cache is not None:
        raise NegjudgeError(
            f"the denoiser caches its blocks ({type(cache).__name__}), which cannot be guided; "
            "call disable_cache() on it"
        )
    if getattr(denoiser, "_parallel_config", None) is not None:
        raise NegjudgeError("a denoiser spread over several devices (enable_parallelism) cannot be guided")
    for name, module in modules.items():
        _check_processor(name, module, processors)


def _check_processor(name: str, module: Any, allowed: tuple[str, ...]) -> None:
    processor = type(module.processor).__name__
    if processor not in allowed:
        raise NegjudgeError(
            f"{name} has the processor {processor}, which cannot be guided; use {allowed[0]} "
            "(set_attn_processor, or unload what has set another)"
        )
    if not hasattr(module.processor, "_attention_backend"):
        return
    backend = module.processor._attention_backend
    chosen = default_backend() if backend is None else str(getattr(backend, "value", backend))
    if chosen not in BACKENDS:
        whose = f"{name} has" if backend is not None else "all models have"
        raise NegjudgeError(
            f"{whose} the attention backend {chosen}, which cannot be guided; "
            f'call set_attention_backend("native") on the denoiser'
        )
