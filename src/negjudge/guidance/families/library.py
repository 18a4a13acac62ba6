"""What is asked of diffusers itself, whatever the family."""

from __future__ import annotations

from typing import Any


def default_backend() -> str:
    """Return the attention backend of models without one of their own.

    A context, the environment, or another model's call may have set it.
    """
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry

    return str(_AttentionBackendRegistry.get_active_backend()[0].value)


def is_pipeline(thing: Any) -> bool:
    """Tell whether something is a pipeline of diffusers."""
    from diffusers import DiffusionPipeline

    return isinstance(thing, DiffusionPipeline)
