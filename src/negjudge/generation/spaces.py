"""What a search or a draw may set a method's parameters to: ranges with a step, or words to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from negjudge.errors import NegjudgeError

Values = Sequence[float] | Sequence[str]
Space = Mapping[str, Values]


@dataclass(frozen=True)
class Range:
    """The numbers from ``low`` to ``high``, ``step`` apart."""

    low: float
    high: float
    step: float

    @property
    def values(self) -> tuple[float, ...]:
        """Return the numbers; the last is the highest that is not above ``high``."""
        count = int((self.high - self.low) / self.step + 1e-9) + 1
        return tuple(round(self.low + self.step * place, 6) for place in range(count))


@dataclass(frozen=True)
class Words:
    """Words to choose from."""

    values: tuple[str, ...]


Axis = Range | Words


def axis_of(where: str, values: Values) -> Axis:
    """Return what a parameter may be set to, as recipes write it; NegjudgeError begins with ``where``."""
    given = list(values) if isinstance(values, list | tuple) else [values]
    words = [value for value in given if isinstance(value, str)]
    numbers = [value for value in given if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(words) == len(given) >= 2 and len(set(words)) == len(words):
        return Words(tuple(words))
    if len(numbers) == len(given) == 3 and numbers[0] < numbers[1] and numbers[2] > 0:
        return Range(*numbers)
    raise NegjudgeError(f"{where} is {given}, expected [lowest, highest, step] or words to choose from")


def axes_of(where: str, space: Space, method: Callable[[Mapping[str, Any]], object]) -> dict[str, Axis]:
    """Return the axes of a method's space by parameter, after trying the ends of each on ``method``.

    NegjudgeError, which begins with ``where``, for an empty space, a wrong axis, and what the method does not
    take.
    """
    if not space:
        raise NegjudgeError(f"{where} is empty; name a parameter to search")
    axes = {name: axis_of(f"{where}.{name}", values) for name, values in space.items()}
    try:
        for name, axis in axes.items():
            for value in axis.values if isinstance(axis, Words) else (axis.low, axis.high):
                method({name: value})
    except NegjudgeError as error:
        raise NegjudgeError(f"{where}: {error}") from None
    return axes
