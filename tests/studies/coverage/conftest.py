"""The mini lab's test pairs as a design, and effects that pictures share."""

from __future__ import annotations

import pytest

from negjudge.data.records import Pair, read_records
from negjudge.data.splits import read_splits
from studies.coverage.design import Design, Effects


@pytest.fixture(scope="module")
def design() -> Design:
    pairs = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
    tested = read_splits("data/mini/splits.json").methods["test"]
    return Design.of("test", [pairs[i] for i in tested], 4)


@pytest.fixture(scope="module")
def mixed() -> Effects:
    return Effects("mixed", 0.5, 1.0, 1.5)
