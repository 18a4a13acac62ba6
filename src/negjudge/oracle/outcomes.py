"""The outcome of a guided picture by what a reader sees: kept, removed, success, collateral."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from negjudge.data.records import Sample


class Reading(Protocol):
    """What a reader sees in a picture: the object (``None`` for unreadable) and the parts that are there."""

    @property
    def object(self) -> str | None: ...

    @property
    def parts(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Outcome:
    """What guidance did to one picture.

    ``kept``: the object is there; ``removed``: the picture can be read, and the element is not there;
    ``success``: both. ``collateral`` is the share of the other parts of the unguided picture that are lost,
    ``None`` where it showed none.
    """

    kept: bool
    removed: bool
    success: bool
    collateral: float | None = None


def outcome(
    sample: Sample, reading: Reading, unguided: Reading | None = None, others: Collection[str] | None = None
) -> Outcome:
    """Return the outcome of a sample by what a reader sees in it.

    ``unguided`` is the reading of the picture of the same pair and seed without guidance; without it there is
    no collateral. ``others`` are the parts that should stay, by default all that it shows but the element. In
    an unreadable picture nothing was kept and nothing removed: to destroy the picture earns nothing.
    """
    readable = reading.object is not None
    seen = reading.parts if readable else ()
    kept, removed = reading.object == sample.object, readable and sample.element not in seen
    before = () if unguided is None or unguided.object is None else unguided.parts
    stay = [part for part in before if part != sample.element and (others is None or part in others)]
    lost = [part for part in stay if part not in seen]
    return Outcome(kept, removed, kept and removed, len(lost) / len(stay) if stay else None)
