"""Settings drawn at random over a method's search space: pictures of one pair in which its element stays,
fades and goes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from negjudge.errors import NegjudgeError
from negjudge.guidance import GuidanceMethod, method_from

Space = Mapping[str, Sequence[float] | Sequence[str]]


def draw_method(name: str, space: Space, fixed: Mapping[str, Any], rng: random.Random) -> GuidanceMethod:
    """Return a method with each searched parameter drawn evenly from its range, the others as fixed.

    A range is [lowest, highest, step], or words to choose from. Raises NegjudgeError where it is neither, and
    where the method does not take what was drawn.
    """
    drawn = {parameter: _draw(f"{name}.{parameter}", values, rng) for parameter, values in space.items()}
    return method_from(name, {**drawn, **fixed})


def _draw(where: str, values: Sequence[float] | Sequence[str], rng: random.Random) -> float | str:
    words = [value for value in values if isinstance(value, str)]
    if words and len(words) == len(values):
        return rng.choice(words)
    numbers = [value for value in values if not isinstance(value, str)]
    if words or len(numbers) != 3 or not numbers[0] < numbers[1] or numbers[2] <= 0:
        raise NegjudgeError(
            f"{where} is {list(values)}, expected [lowest, highest, step] or words to choose from"
        )
    low, high, step = numbers
    return round(low + step * rng.randint(0, round((high - low) / step)), 6)
