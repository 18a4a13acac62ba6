"""Several settings of one method in one batch: a setting for each picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

from negjudge.errors import NegjudgeError
from negjudge.guidance.base import AttentionGuidance, GuidanceMethod

Varied = Mapping[str, tuple[float, ...]]
"""What differs from picture to picture, by the kernel's name for it."""


def varied(methods: Sequence[AttentionGuidance]) -> Varied:
    """Return the numbers of the kernel in which methods differ, a value for each.

    Raises NegjudgeError where they differ in anything else: kind, padding, layers, schedule.
    """
    first, kernels = methods[0], [_settings(method) for method in methods]
    found = {
        name: tuple(kernel.get(name) for kernel in kernels)
        for name, value in kernels[0].items()
        if any(kernel.get(name) != value for kernel in kernels)
    }
    for method in methods:
        if alike(method) != alike(first):
            raise NegjudgeError(
                f"{first!r} and {method!r} cannot share a batch: they differ in more than numbers of strength"
            )
    return cast(Varied, found)


def alike(method: GuidanceMethod) -> object:
    """Return what methods must have in common to share a batch; every method shares one with its equals."""
    if not isinstance(method, AttentionGuidance):
        return method
    free = _settings(method)
    fixed = {
        each.name: getattr(method, each.name)
        for each in dataclasses.fields(method)
        if each.name not in free or not isinstance(free[each.name], float)
    }
    return type(method), tuple(sorted(fixed.items()))


def _settings(method: AttentionGuidance) -> dict[str, Any]:
    """Return the settings that the method's kernel is given."""
    keywords: dict[str, Any] = getattr(method.attention(), "keywords", {})
    return keywords
