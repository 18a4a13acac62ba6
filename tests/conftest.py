"""Fixtures that several folders use; what they hold is built in ``tests/support``, when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from negjudge.data.records import Pair
    from negjudge.generation.jobs import Rendering
    from negjudge.generation.pipelines import Model


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny pipeline."""
    from tiny.generator import save_pipeline

    return save_pipeline(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="session")
def model(model_folder: Path) -> Model:
    from negjudge.generation.pipelines import find_model

    return find_model(str(model_folder), device="cpu")


@pytest.fixture
def rendering() -> Rendering:
    from tiny.generator import RENDERING

    return RENDERING


@pytest.fixture
def recipe_values(tmp_path: Path, model_folder: Path) -> dict[str, Any]:
    """What a recipe for the tiny pipeline says."""
    from tiny.generator import recipe_values

    return recipe_values(tmp_path, model_folder)


@pytest.fixture
def pairs(recipe_values: dict[str, Any]) -> dict[str, Pair]:
    """The pairs of ``recipe_values``."""
    from negjudge.data.pairs import read_pairs

    return read_pairs(recipe_values["pairs"])


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained judge."""
    from tiny.judge import save_base

    return save_base(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(scope="session")
def adapter(base: Path) -> Path:
    """The folder of a judge made of a LoRA with random weights, its base beside it."""
    from tiny.judge import save_adapter

    return save_adapter(base, base.parent / "runs" / "mini" / "judge")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five files to judge: different objects, one of another shape, a broken one among them."""
    from tiny.judge import save_pictures

    return save_pictures(tmp_path_factory.mktemp("pictures"))
