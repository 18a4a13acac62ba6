"""The supported model families. A new one is an adapter in a module of its own, and a line here."""

from __future__ import annotations

from typing import Any

from negjudge.errors import NegjudgeError
from negjudge.guidance.families.base import Family
from negjudge.guidance.families.flux import Flux
from negjudge.guidance.families.flux2 import Flux2, Flux2Klein
from negjudge.guidance.families.qwenimage import QwenImage
from negjudge.guidance.families.sd3 import SD3
from negjudge.guidance.families.unet import UNet
from negjudge.guidance.families.wan import Wan
from negjudge.guidance.families.zimage import ZImage

FAMILIES: tuple[Family, ...] = (
    SD3(),
    Flux(),
    Flux2(),
    Flux2Klein(),
    QwenImage(),
    ZImage(),
    Wan(),
    UNet(),
)

__all__ = ["FAMILIES", "Family", "family_of"]


def family_of(pipe: Any) -> Family:
    """Return the adapter for a pipeline. Raises NegjudgeError naming what is supported."""
    classes = {kind.__name__ for kind in type(pipe).__mro__}
    for family in FAMILIES:
        if classes & set(family.pipelines):
            return family
    supported = ", ".join(name for family in FAMILIES for name in family.pipelines)
    raise NegjudgeError(f"{type(pipe).__name__} cannot be guided; supported: {supported}")
