"""PartWorld: which objects there are, which parts they have, and how each is drawn."""

from __future__ import annotations

from minilab.world.animals import ANIMALS
from minilab.world.buildings import BUILDINGS
from minilab.world.creatures import CREATURES
from minilab.world.household import HOUSEHOLD
from minilab.world.nature import NATURE
from minilab.world.parts import ESSENTIAL_RATE, OPTIONAL_RATE, Part, Thing
from minilab.world.vehicles import VEHICLES

__all__ = [
    "BACKGROUNDS", "COLOURS", "ESSENTIAL_RATE", "GLUE", "OBJECTS", "OPTIONAL_RATE", "PARTS", "Part", "Thing",
    "words",
]  # fmt: skip

OBJECTS: dict[str, Thing] = {**VEHICLES, **BUILDINGS, **ANIMALS, **CREATURES, **HOUSEHOLD, **NATURE}
PARTS: tuple[str, ...] = tuple(sorted({part for thing in OBJECTS.values() for part in thing.parts}))

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 66, 60),
    "blue": (66, 124, 222),
    "green": (78, 178, 92),
    "yellow": (240, 192, 44),
    "purple": (156, 96, 196),
    "orange": (236, 132, 48),
}
BACKGROUNDS: tuple[tuple[int, int, int], ...] = (
    (244, 242, 236), (206, 228, 240), (240, 228, 200), (212, 234, 214), (234, 216, 226),
)  # fmt: skip

# Words that captions, prompts and questions use besides the names. "without" is in no caption: the generator
# must not have learnt absence from words.
GLUE: tuple[str, ...] = ("a", "an", "and", "with", "without", "no", ",", "picture", "of", "the")


def words() -> list[str]:
    """Return the closed vocabulary of captions and prompts, sorted."""
    return sorted({*OBJECTS, *PARTS, *COLOURS, *GLUE})
