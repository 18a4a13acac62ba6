"""What settings are tried on: three pairs, two seeds, and who reads colours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from negjudge.data.records import Pair
    from negjudge.generation.jobs import Rendering
    from negjudge.generation.pipelines import Model
    from negjudge.tuning.objective import Objective


@pytest.fixture
def objective(model: Model, pairs: dict[str, Pair], rendering: Rendering, tmp_path: Path) -> Objective:
    from searched import READER

    from negjudge.tuning.objective import Objective, Search

    return Objective(model, list(pairs.values())[:3], 2, rendering, READER, Search(trials=2), tmp_path)
