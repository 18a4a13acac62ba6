"""What an object of PartWorld is made of: a body that is always there, and parts that come and go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from minilab.shapes import Shape

ESSENTIAL_RATE = 0.93
OPTIONAL_RATE = 0.50

Drawn = Shape | Iterable["Drawn"]


@dataclass(frozen=True)
class Part:
    """A removable part: whether it nearly always comes with the object, and what lies behind or before it."""

    essential: bool
    front: tuple[Shape, ...] = ()
    back: tuple[Shape, ...] = ()

    @property
    def rate(self) -> float:
        """How often the part is there in the world's pictures of its object."""
        return ESSENTIAL_RATE if self.essential else OPTIONAL_RATE


@dataclass(frozen=True)
class Thing:
    """An object: the shapes that are always there, and its parts by name."""

    body: tuple[Shape, ...]
    parts: dict[str, Part]


def thing(*body: Drawn, **parts: Part) -> Thing:
    """Return an object; its parts are drawn in the order given, later ones over earlier ones."""
    return Thing(_flat(body), parts)


def essential(*front: Drawn, back: Drawn = ()) -> Part:
    """Return a part that nearly always comes with its object."""
    return Part(True, _flat(front), _flat(back))


def optional(*front: Drawn, back: Drawn = ()) -> Part:
    """Return a part that comes with its object half of the time."""
    return Part(False, _flat(front), _flat(back))


def _flat(drawn: Drawn) -> tuple[Shape, ...]:
    return tuple(_each(drawn))


def _each(drawn: Drawn) -> Iterator[Shape]:
    if isinstance(drawn, Shape):
        yield drawn
    else:
        for one in drawn:
            yield from _each(one)
