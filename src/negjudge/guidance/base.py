"""What a guidance method is: frozen, checked settings, and how they act on a pipeline. Free of torch."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import typing
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from negjudge.errors import NegjudgeError

if TYPE_CHECKING:
    from negjudge.guidance.families import Family
    from negjudge.guidance.interception import Kernel

Padding = Literal["none", "full"]
"""How the negative is encoded: "none": its own tokens only; "full": padded as the pipeline pads a prompt."""

Special = Literal["keep", "drop"]
"""Whether begin and end tokens and those of a chat template count as part of the negative."""

Shape = Literal["constant", "linear", "cosine"]
"""How the strength goes from the first guided step to the last: it stays, or falls to nothing."""


@dataclass(frozen=True, repr=False)
class GuidanceMethod(ABC):
    """What every method has: its names, its cost, and settings that go into a sample's record.

    A setting is a field with a default: a float, a bool, a text, or a ``Literal`` of texts.
    """

    name: ClassVar[str]
    """What records, recipes and the command line call it."""
    title: ClassVar[str]
    """What tables, figures and sheets call it."""
    evaluations: ClassVar[int] = 1
    """Denoiser evaluations in one sampler step."""
    guides: ClassVar[bool] = True
    """Whether it follows a negative prompt at all."""

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
class PipelineGuidance(GuidanceMethod):
    """What the pipeline's own methods have in common: arguments of its call turn them on."""

    @abstractmethod
    def arguments(self, family: Family, pipe: Any, negative_prompt: str | list[str]) -> dict[str, Any]:
        """What a call of the pipeline needs. Raises NegjudgeError where the pipeline has no such guidance."""


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
        require(0 <= self.start < 1, "start", self.start, "from 0 to below 1")
        require(self.start < self.stop <= 1, "stop", self.stop, "above start and at most 1")
        layer_numbers(self.layers)

    @abstractmethod
    def attention(self) -> Kernel:
        """The method's attention function, with its settings filled in; it is imported here, with torch."""

    @property
    def shared_offset(self) -> float | None:
        """What is taken from the picture's scores on the negative, in one softmax with picture and prompt.

        None where the negative has a softmax of its own.
        """
        return None

    @property
    def leaks(self) -> bool:
        """Whether the positive text has a copy of the negative."""
        return False

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


def require(holds: bool, what: str, value: float, expected: str) -> None:
    """Raise NegjudgeError, naming the setting and what is expected, where its value does not hold."""
    if not holds:
        raise NegjudgeError(f"{what} is {value:g}, expected {expected}")


def _check_type(method: GuidanceMethod, setting: dataclasses.Field[Any]) -> None:
    value, what = getattr(method, setting.name), f"{type(method).__name__}'s {setting.name}"
    choices = _choices(type(method)).get(setting.name)
    if isinstance(setting.default, bool):
        if not isinstance(value, bool):
            raise NegjudgeError(f"{what} is {value!r}, expected true or false")
    elif isinstance(setting.default, float):
        # numpy's numbers are Real, and few of them are a float.
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise NegjudgeError(f"{what} is {value!r}, expected a finite number")
        object.__setattr__(method, setting.name, float(value))
    elif choices and value not in choices:
        raise NegjudgeError(f"{what} is {value!r}, expected one of {', '.join(choices)}")
    elif not isinstance(value, str):
        raise NegjudgeError(f"{what} is {value!r}, expected a text")


@functools.cache
def _choices(kind: type[GuidanceMethod]) -> dict[str, tuple[str, ...]]:
    """The texts that each setting of a ``Literal`` may be."""
    hints = typing.get_type_hints(kind)
    return {name: typing.get_args(hint) for name, hint in hints.items() if typing.get_origin(hint) is Literal}
