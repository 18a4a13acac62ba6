"""A sweep made once, and a model that must not be loaded."""

from __future__ import annotations

import pytest
from generated import SWEEP

from negjudge.cli.main import main
from negjudge.generation.pipelines import Model


@pytest.fixture(scope="session")
def swept(tmp_path_factory):
    """A folder with a sweep of three scales from two seeds, in out.png."""
    folder = tmp_path_factory.mktemp("swept")
    assert main([*SWEEP, "-o", str(folder / "out.png")]) == 0
    return folder


@pytest.fixture
def unloadable(monkeypatch):
    """A model that says so when it is loaded."""

    def loaded(model):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(Model, "pipe", property(loaded))
