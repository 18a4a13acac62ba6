"""The guidance methods and their settings: frozen, checked, free of torch."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from negjudge.errors import NegjudgeError

Padding = Literal["none", "full"]
"""How the negative is encoded: "none": its own tokens only; "full": padded as the pipeline pads a prompt."""

Special = Literal["keep", "drop"]
"""Whether begin and end tokens and those of a chat template count as part of the negative."""

Shape = Literal["constant", "linear", "cosine"]
"""How the strength goes from the first guided step to the last: it stays, or falls to nothing."""


@dataclass(frozen=True, repr=False)
class GuidanceMethod:
    """What every method has: a name, and settings that go into a sample's record."""

    name: ClassVar[Literal["none", "cfg", "vsf", "nag", "nasa"]]

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            _check_type(self, each)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{type(self).__name__}({settings})"

    @property
    def params(self) -> dict[str, float | bool | str]:
        """The settings by name, as ``method_from`` takes them back, without the options that are not used."""
        settings = [(each, getattr(self, each.name)) for each in dataclasses.fields(self)]
        return {
            each.name: value
            for each, value in sorted(settings, key=lambda setting: bool(setting[0].kw_only))
            if value != each.default or not each.metadata.get("optional")
        }


@dataclass(frozen=True, repr=False)
class Plain(GuidanceMethod):
    """No guidance: the pipeline as it is."""

    name = "none"


@dataclass(frozen=True, repr=False)
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


_OPTIONAL = {"optional": True}  # not among a sample's settings unless used


@dataclass(frozen=True, repr=False)
class AttentionGuidance(GuidanceMethod):
    """What the methods inside the attention have in common: where and when they act.

    ``special`` "drop" leaves begin and end tokens and chat templates out of the negative; every paper keeps
    them. ``start`` and ``stop`` bound the guided steps by the share of noise that is gone, 0 at the first
    step and 1 at the picture; outside the pipeline is plain. ``schedule`` lets the strength (VSF's and
    NASA's ``scale``, NAG's ``alpha``) fall from ``start`` to ``stop``. ``layers`` names the guided attention
    layers by number, such as "0-11,18"; in the others picture and prompt do not see the negative.
    """

    strength: ClassVar[str] = "scale"
    """The setting that a schedule lets fall."""

    padding: Padding = field(default="none", kw_only=True)
    special: Special = field(default="keep", metadata=_OPTIONAL, kw_only=True)
    start: float = field(default=0.0, metadata=_OPTIONAL, kw_only=True)
    stop: float = field(default=1.0, metadata=_OPTIONAL, kw_only=True)
    schedule: Shape = field(default="constant", metadata=_OPTIONAL, kw_only=True)
    layers: str = field(default="all", metadata=_OPTIONAL, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(0 <= self.start < 1, "start", self.start, "from 0 to below 1")
        _require(self.start < self.stop <= 1, "stop", self.stop, "above start and at most 1")
        layer_numbers(self.layers)

    def strength_at(self, progress: float) -> float | None:
        """What the strength is multiplied by where this share of the noise is gone; None: not guided."""
        if not self.start <= progress <= self.stop:
            return None
        share = (progress - self.start) / (self.stop - self.start)
        return {"constant": 1.0, "linear": 1 - share, "cosine": (1 + math.cos(math.pi * share)) / 2}[
            self.schedule
        ]

    @property
    def scheduled(self) -> bool:
        """Whether anything changes from step to step."""
        return (self.start, self.stop, self.schedule) != (0.0, 1.0, "constant")


def layer_numbers(layers: str) -> frozenset[int] | None:
    """The numbers in a list such as "0-11,18", None for "all". Raises NegjudgeError where it is none."""
    if layers == "all":
        return None
    found: set[int] = set()
    for part in layers.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            raise NegjudgeError(f'layers is {layers!r}, expected "all" or a list such as "0-11,18"')
        found.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return frozenset(found)


@dataclass(frozen=True, repr=False)
class VSF(AttentionGuidance):
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

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.scale >= 0, "VSF's scale", self.scale, "0 or more")
        _require(self.offset >= 0, "VSF's offset", self.offset, "0 or more")


@dataclass(frozen=True, repr=False)
class NAG(AttentionGuidance):
    """Normalized Attention Guidance (arXiv:2505.21179): extrapolate, bound the norm, blend.

    ``phi`` is the paper's φ, ``tau`` the bound, ``alpha`` the blend. The public code's ``nag_scale`` is
    φ + 1: see ``from_nag_scale``. The defaults are the code's (nag_scale 5 in its example, 2.5, 0.25).
    ``norm``: L1 in the paper, L2 in places of the code. ``padding`` "full" is the code's.
    """

    name = "nag"
    strength = "alpha"

    phi: float = 4.0
    tau: float = 2.5
    alpha: float = 0.25
    norm: Literal["l1", "l2"] = "l1"
    padding: Padding = field(default="full", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.phi >= 0, "NAG's phi", self.phi, "0 or more")
        _require(self.tau >= 1, "NAG's tau", self.tau, "1 or more, a bound on a ratio of norms")
        _require(0 <= self.alpha <= 1, "NAG's alpha", self.alpha, "from 0 to 1")

    @classmethod
    def from_nag_scale(cls, nag_scale: float, **others: Any) -> NAG:
        """Settings from the public code's ``nag_scale`` s: φ = s − 1."""
        return cls(phi=nag_scale - 1, **others)


@dataclass(frozen=True, repr=False)
class NASA(AttentionGuidance):
    """Negative-Away Steer Attention (arXiv:2412.02687): subtract the attention over the negative, scaled.

    Useful scales lie between 0 and 0.5. ``padding`` "full" is that of the MMDiT code of VSF's authors.
    """

    name = "nasa"

    scale: float = 0.1
    padding: Padding = field(default="full", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.scale >= 0, "NASA's scale", self.scale, "0 or more")


METHODS: dict[str, type[GuidanceMethod]] = {kind.name: kind for kind in (Plain, CFG, VSF, NAG, NASA)}


def method_from(name: str, params: Mapping[str, Any]) -> GuidanceMethod:
    """Build a method from its name ("none", "cfg", "vsf", "nag", "nasa") and settings.

    Raises NegjudgeError naming the unknown method or setting, or the value that does not fit.
    """
    if name not in METHODS:
        raise NegjudgeError(f"unknown guidance method {name!r}; use one of {', '.join(METHODS)}")
    kind = METHODS[name]
    known = [each.name for each in sorted(dataclasses.fields(kind), key=lambda each: bool(each.kw_only))]
    for param in params:
        if param not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise NegjudgeError(f"guidance method {name!r} has no setting {param!r}; {has}")
    return kind(**params)


def _check_type(method: GuidanceMethod, setting: dataclasses.Field[Any]) -> None:
    value, what = getattr(method, setting.name), f"{type(method).__name__}'s {setting.name}"
    if isinstance(setting.default, bool):
        if not isinstance(value, bool):
            raise NegjudgeError(f"{what} is {value!r}, expected true or false")
    elif isinstance(setting.default, float):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise NegjudgeError(f"{what} is {value!r}, expected a finite number")
        object.__setattr__(method, setting.name, float(value))
    elif setting.name not in _CHOICES:
        if not isinstance(value, str):
            raise NegjudgeError(f"{what} is {value!r}, expected a text")
    else:
        choices = _CHOICES[setting.name]
        if value not in choices:
            raise NegjudgeError(f"{what} is {value!r}, expected one of {', '.join(choices)}")


_CHOICES = {
    "padding": ("none", "full"),
    "norm": ("l1", "l2"),
    "special": ("keep", "drop"),
    "schedule": ("constant", "linear", "cosine"),
}


def _require(holds: bool, what: str, value: float, expected: str) -> None:
    if not holds:
        raise NegjudgeError(f"{what} is {value:g}, expected {expected}")


UNGUIDED = "none"

# Denoiser evaluations in one sampler step.
EVALUATIONS = {"none": 1, "cfg": 2, "vsf": 1, "nag": 1, "nasa": 1}


class _Names(dict[str, str]):
    """Names of methods; one that is not known, such as another laboratory's, is called what it is called."""

    def __missing__(self, method: str) -> str:
        return method


# What the tables and sheets call the methods, in the order of their columns.
METHOD_NAMES = _Names({"none": "no guidance", "cfg": "CFG", "vsf": "VSF", "nag": "NAG", "nasa": "NASA"})
