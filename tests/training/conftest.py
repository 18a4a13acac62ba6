"""A one-layer base judge, labelled pictures to train it on, and a recipe that does."""

from __future__ import annotations

from pathlib import Path

import labelled
import pytest
from tiny.judge import save_base

from negjudge.training.recipe import LoraSettings, TrainRecipe


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained judge with one layer."""
    return save_base(tmp_path_factory.mktemp("models") / "base", layers=1)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return labelled.make_run(tmp_path / "run")


@pytest.fixture
def recipe(run: Path, base: Path) -> TrainRecipe:
    """A recipe of ten steps."""
    return TrainRecipe(
        run=str(run),
        base=str(base),
        pairs=labelled.PAIRS,
        splits=labelled.SPLITS,
        lora=LoraSettings(rank=2, alpha=4),
        device="cpu",
        dtype="float32",
        epochs=2.0,
        batch_size=8,
        learning_rate=1e-2,
        evaluations=5,
    )
