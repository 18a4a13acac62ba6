"""The guidance methods: a class each, with its settings, and the lists of them. Free of torch."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from negjudge.errors import NegjudgeError
from negjudge.guidance.base import AttentionGuidance, GuidanceMethod, Padding, PipelineGuidance, require

if TYPE_CHECKING:
    from negjudge.guidance.families import Family
    from negjudge.guidance.interception import Kernel

__all__ = [
    "CFG",
    "EVALUATIONS",
    "METHODS",
    "METHOD_NAMES",
    "NAG",
    "NASA",
    "UNGUIDED",
    "VSF",
    "AttentionGuidance",
    "GuidanceMethod",
    "Plain",
    "method_from",
]


@dataclass(frozen=True, repr=False)
class Plain(GuidanceMethod):
    """No guidance: the pipeline as it is."""

    name = "none"
    title = "no guidance"
    guides = False


@dataclass(frozen=True, repr=False)
class CFG(PipelineGuidance):
    """Classifier-free guidance (Ho and Salimans, arXiv:2207.12598) by the pipeline: two forwards a step.

    ``scale`` is the pipeline's ``guidance_scale``; pipelines turn CFG off at 1 and below. The default is that
    of diffusers' StableDiffusion3Pipeline.
    """

    name = "cfg"
    title = "CFG"
    evaluations = 2

    scale: float = 7.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.scale > 1, "CFG's scale", self.scale, "above 1; use Plain for no guidance")

    def arguments(self, family: Family, pipe: Any, negative_prompt: str | list[str]) -> dict[str, Any]:
        """The scale, and the negative prompt in the empty prompt's place."""
        return family.cfg_arguments(pipe, self.scale, negative_prompt)


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
    title = "VSF"

    scale: float = 1.0
    offset: float = 0.0
    leak: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.scale >= 0, "VSF's scale", self.scale, "0 or more")
        require(self.offset >= 0, "VSF's offset", self.offset, "0 or more")

    def attention(self) -> Kernel:
        """Attention with the negative's values flipped."""
        from negjudge.guidance.kernels.vsf import vsf_attention

        return functools.partial(vsf_attention, scale=self.scale, offset=self.offset)

    @property
    def shared_offset(self) -> float:
        """β: the flipped copy is attended together with picture and prompt."""
        return self.offset

    @property
    def leaks(self) -> bool:
        """As the setting says."""
        return self.leak


@dataclass(frozen=True, repr=False)
class NAG(AttentionGuidance):
    """Normalized Attention Guidance (arXiv:2505.21179): extrapolate, bound the norm, blend.

    ``phi`` is the paper's φ, ``tau`` the bound, ``alpha`` the blend. The public code's ``nag_scale`` is
    φ + 1: see ``from_nag_scale``. The defaults are the code's (nag_scale 5 in its example, 2.5, 0.25).
    ``norm``: L1 in the paper, L2 in places of the code. ``padding`` "full" is the code's.
    """

    name = "nag"
    title = "NAG"
    strength = "alpha"

    phi: float = 4.0
    tau: float = 2.5
    alpha: float = 0.25
    norm: Literal["l1", "l2"] = "l1"
    padding: Padding = field(default="full", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.phi >= 0, "NAG's phi", self.phi, "0 or more")
        require(self.tau >= 1, "NAG's tau", self.tau, "1 or more, a bound on a ratio of norms")
        require(0 <= self.alpha <= 1, "NAG's alpha", self.alpha, "from 0 to 1")

    def attention(self) -> Kernel:
        """Attention extrapolated away from the negative's, and bounded."""
        from negjudge.guidance.kernels.nag import nag_attention

        settings: dict[str, Any] = {"phi": self.phi, "tau": self.tau, "alpha": self.alpha}
        return functools.partial(nag_attention, **settings, norm=self.norm)

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
    title = "NASA"

    scale: float = 0.1
    padding: Padding = field(default="full", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.scale >= 0, "NASA's scale", self.scale, "0 or more")

    def attention(self) -> Kernel:
        """Attention less that over the negative."""
        from negjudge.guidance.kernels.nasa import nasa_attention

        return functools.partial(nasa_attention, scale=self.scale)


METHODS: dict[str, type[GuidanceMethod]] = {kind.name: kind for kind in (Plain, CFG, VSF, NAG, NASA)}
"""Every method by name, in the order of tables and sheets. What else is listed by method comes from here."""
UNGUIDED = Plain.name
"""The name in records of pictures without guidance."""
EVALUATIONS = {name: kind.evaluations for name, kind in METHODS.items()}
"""Denoiser evaluations in one sampler step, by name."""


class _Titles(dict[str, str]):
    """A method that is not ours, such as another laboratory's, is called what it is called."""

    def __missing__(self, method: str) -> str:
        return method


METHOD_NAMES = _Titles({name: kind.title for name, kind in METHODS.items()})
"""What tables, figures and sheets call a method, by name."""


def method_from(name: str, params: Mapping[str, Any]) -> GuidanceMethod:
    """Build a method from its name (a key of ``METHODS``) and settings.

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
