"""A bench of three pairs, two seeds each, that a reader of colours scores."""

import pytest
from colours import read_colours

from negjudge.tuning.objective import Bench
from negjudge.tuning.scorers import Scorer

SCORER = Scorer("colours", lambda paths, samples: read_colours(paths))


@pytest.fixture
def bench(model, pairs, rendering, tmp_path):
    return Bench(model, list(pairs.values())[:3], 2, rendering, SCORER, tmp_path)
