"""Searches on a tiny pipeline: spaces of three methods, and who reads their pictures."""

from __future__ import annotations

import dataclasses
from typing import Any

from colours import read_colours

from negjudge.tuning.objective import Contestant, Objective, Search, Space
from negjudge.tuning.readers import Reader

SPACES: dict[str, Space] = {
    "cfg": {"scale": [1.5, 9, 0.5]},
    "vsf": {"scale": [0, 6, 0.25], "offset": [0, 4, 0.25]},
    "nasa": {"scale": [0, 0.8, 0.1]},
}
CONTESTANTS = {name: Contestant(name, name, space) for name, space in SPACES.items()}
READER = Reader("colours", lambda paths, samples: read_colours(paths))


def with_search(objective: Objective, trials: int, sampler_seed: int = 0, **changes: Any) -> Objective:
    """The same objective under another search."""
    return dataclasses.replace(objective, search=Search(trials, sampler_seed), **changes)
