"""The guidance methods and their settings: frozen, checked, free of torch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from negjudge.errors import NegjudgeError

Padding = Literal["none", "full"]
"""How the negative is encoded: "none": its own tokens only; "full": padded as the pipeline pads a prompt."""


@dataclass(frozen=True)
class GuidanceMethod:
    """What every method has: a name, and settings that go into a sample's record."""

    name: ClassVar[Literal["none", "cfg", "vsf", "nag", "nasa"]]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check_type(self, field)

    @property
    def params(self) -> dict[str, float | bool | str]:
        """The settings by name, as ``method_from`` takes them back."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Plain(GuidanceMethod):
    """No guidance: the pipeline as it is."""

    name = "none"


@dataclass(frozen=True)
class CFG(GuidanceMethod):
    """Classifier-free guidance (Ho and Salimans, arXiv:2207.12598) by the pipeline: two forwards a step.

    ``scale`` is the pipeline's ``guidance_scale``; pipelines turn CFG off at 1 and below. The default is that
    of diffusers' StableDiffusion3Pipeline.
    """

    name = "cfg"

    scale: float = 7.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.scale > 1, "CFG's scale", self.scale, "above 1; use Plain for no guidance")


@dataclass(frozen=True)
class VSF(GuidanceMethod):
    """Value Sign Flip (arXiv:2508.10931): the picture attends the negative's values with their sign flipped.

    ``scale`` is the paper's α, ``offset`` its β. Special tokens are flipped with the rest: in the SD3 family
    CLIP's begin and end tokens and T5's end token. ``padding`` "none" is the paper's.

    ``leak`` is what the authors' SD3 pipeline does, to reproduce its pictures: the negative is appended
    twice, and the picture sees it once as a positive, too. Who attends whom (β is taken from B1's scores):

        ======  =====  ===  ======  ======  =================
        rows    I      P    copy A  copy B  B1 (B, value −α)
        ======  =====  ===  ======  ======  =================
        I       yes    yes  yes     no      yes
        P       yes    yes  yes     no      no
        copy A  yes    yes  yes     no      no
        copy B  yes    no   no      yes     no
        ======  =====  ===  ======  ======  =================

    So it is the clean form with copy A as part of the positive text. The authors' settings
    (SD3.5-Large-Turbo: scale 3.3, offset 0.2, 8 steps; FLUX.1-schnell: scale 4 to 6) were tuned for it, not
    for the clean form.
    """

    name = "vsf"

    scale: float = 1.0
    offset: float = 0.0
    leak: bool = False
    padding: Padding = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.scale >= 0, "VSF's scale", self.scale, "0 or more")
        _require(self.offset >= 0, "VSF's offset", self.offset, "0 or more")


@dataclass(frozen=True)
class NAG(GuidanceMethod):
    """Normalized Attention Guidance (arXiv:2505.21179): extrapolate, bound the norm, blend.

    ``phi`` is the paper's φ, ``tau`` the bound, ``alpha`` the blend. The public code's ``nag_scale`` is
    φ + 1: see ``from_nag_scale``. The defaults are the code's (nag_scale 5 in its example, 2.5, 0.25).
    ``norm``: L1 in the paper, L2 in places of the code. ``padding`` "full" is the code's.
    """

    name = "nag"

    phi: float = 4.0
    tau: float = 2.5
    alpha: float = 0.25
    norm: Literal["l1", "l2"] = "l1"
    padding: Padding = "full"

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.phi >= 0, "NAG's phi", self.phi, "0 or more")
        _require(self.tau >= 1, "NAG's tau", self.tau, "1 or more, a bound on a ratio of norms")
        _require(0 <= self.alpha <= 1, "NAG's alpha", self.alpha, "from 0 to 1")

    @classmethod
    def from_nag_scale(cls, nag_scale: float, **others: Any) -> NAG:
        """Settings from the public code's ``nag_scale`` s: φ = s − 1."""
        return cls(phi=nag_scale - 1, **others)


@dataclass(frozen=True)
class NASA(GuidanceMethod):
    """Negative-Away Steer Attention (arXiv:2412.02687): subtract the attention over the negative, scaled.

    Useful scales lie between 0 and 0.5. ``padding`` "full" is that of the MMDiT code of VSF's authors.
    """

    name = "nasa"

    scale: float = 0.1
    padding: Padding = "full"

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.scale >= 0, "NASA's scale", self.scale, "0 or more")


AttentionGuidance = VSF | NAG | NASA
"""The methods that work inside the denoiser's attention."""

METHODS: dict[str, type[GuidanceMethod]] = {kind.name: kind for kind in (Plain, CFG, VSF, NAG, NASA)}


def method_from(name: str, params: Mapping[str, Any]) -> GuidanceMethod:
    """Build a method from its name ("none", "cfg", "vsf", "nag", "nasa") and settings.

    Raises NegjudgeError naming the unknown method or setting, or the value that does not fit.
    """
    if name not in METHODS:
        raise NegjudgeError(f"unknown guidance method {name!r}; use one of {', '.join(METHODS)}")
    kind = METHODS[name]
    known = [field.name for field in dataclasses.fields(kind)]
    for param in params:
        if param not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise NegjudgeError(f"guidance method {name!r} has no setting {param!r}; {has}")
    return kind(**params)


def _check_type(method: GuidanceMethod, field: dataclasses.Field[Any]) -> None:
    value, what = getattr(method, field.name), f"{type(method).__name__}'s {field.name}"
    if isinstance(field.default, bool):
        if not isinstance(value, bool):
            raise NegjudgeError(f"{what} is {value!r}, expected true or false")
    elif isinstance(field.default, float):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise NegjudgeError(f"{what} is {value!r}, expected a finite number")
        object.__setattr__(method, field.name, float(value))
    else:
        choices = _CHOICES[field.name]
        if value not in choices:
            raise NegjudgeError(f"{what} is {value!r}, expected one of {', '.join(choices)}")


_CHOICES = {"padding": ("none", "full"), "norm": ("l1", "l2")}


def _require(holds: bool, what: str, value: float, expected: str) -> None:
    if not holds:
        raise NegjudgeError(f"{what} is {value:g}, expected {expected}")
