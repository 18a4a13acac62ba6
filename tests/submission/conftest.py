"""An evaluated run, and the submission that the command makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic
import yaml
from submitted import DEV

from negjudge.cli.main import main
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.recipes import load_recipe


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An evaluated run's folder, and the submission that the command made of it."""
    folder = tmp_path_factory.mktemp("made")
    run = synthetic.make_run(folder, control=False)
    search = {"sampler": "TPE", "trials": 4, "denoiser_evaluations": 512, "pairs": list(DEV)}
    settings = {"vsf": {"scale": 1.5}, "nag": {"scale": 1.5}, "search": search}
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    recipe = {
        "run": str(run), "pairs": synthetic.PAIRS, "splits": synthetic.SPLITS, "draws": 100,
        "reader": "synthetic:read_files", "base": str(folder / "base"), "control_pictures": 80,
        "settings": str(folder / "settings.yaml"), "note": synthetic.NOTE, "card": {"licence": "apache-2.0"},
    }  # fmt: skip
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    evaluate(load_recipe(EvalRecipe, ["--config", str(folder / "recipe.yaml")]), run)
    assert (
        main(["submission", "make", "--config", str(folder / "recipe.yaml"), "-o", str(folder / "sub")]) == 0
    )
    return run, folder / "sub"
