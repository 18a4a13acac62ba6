"""Settings drawn at random over a method's search space: pictures of one pair in which its element stays,
fades and goes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.errors import NegjudgeError
from negjudge.generation.spaces import Space, axes_of, axis_of
from negjudge.guidance import GuidanceMethod, method_from
from negjudge.guidance.methods import UNGUIDED
from negjudge.recipes import read_yaml


def draw_method(name: str, space: Space, fixed: Mapping[str, Any], rng: random.Random) -> GuidanceMethod:
    """Return a method with each searched parameter drawn evenly from its range, the others as fixed.

    A range is [lowest, highest, step], or words to choose from. Raises NegjudgeError where it is neither, and
    where the method does not take what was drawn.
    """
    drawn = {}
    for parameter, values in space.items():
        choices = axis_of(f"{name}.{parameter}", values).values
        # Of all that Random has, random() alone promises the same numbers in every version of Python.
        drawn[parameter] = choices[int(rng.random() * len(choices))]
    return method_from(name, {**drawn, **fixed})


@dataclass(frozen=True)
class Spaces:
    """What is drawn of each method, by its name, and what is fixed."""

    spaces: Mapping[str, Space]
    fixed: Mapping[str, Mapping[str, Any]]

    def draw(self, name: str, key: str) -> GuidanceMethod:
        """Return a method at the setting that ``key`` draws: always the same one."""
        return draw_method(name, self.spaces.get(name, {}), self.fixed.get(name, {}), random.Random(key))


def read_spaces(path: str | Path, methods: Iterable[str]) -> Spaces:
    """Return the spaces of some methods from a file with ``spaces`` and perhaps ``fixed``; "none" has none.

    Such a file is the recipe of a search. NegjudgeError names the file and what is missing or wrong in it.
    """
    spaces, fixed = (_of_methods(path, key) for key in ("spaces", "fixed"))
    for name in methods:
        if name == UNGUIDED:
            continue
        if name not in spaces:
            raise NegjudgeError(f"{path} has no space for {name!r} under 'spaces'; add one")
        axes_of(f"{path}: spaces: {name}", spaces[name], _maker(name, fixed.get(name, {})))
    return Spaces(spaces, fixed)


def _of_methods(path: str | Path, key: str) -> dict[str, dict[str, Any]]:
    found = read_yaml(path).get(key) or {}
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise NegjudgeError(f"{path}: key {key!r} is no mapping of methods to settings")
    return found


def _maker(name: str, fixed: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], GuidanceMethod]:
    return lambda params: method_from(name, {**params, **fixed})
