"""Tunes, calibrates and saves the judge of a run: ``python -m train.run --config FILE``."""

from __future__ import annotations

import sys

from negjudge.data.runs import run_folder
from negjudge.errors import command
from negjudge.recipes import load_recipe
from negjudge.training.recipe import TrainRecipe
from negjudge.training.stage import train


@command
def main(argv: list[str] | None = None) -> None:
    """Train what is not trained yet, and say where the judge is."""
    recipe = load_recipe(TrainRecipe, argv, prog="python -m train.run")
    train(recipe, run_folder(recipe.run))


if __name__ == "__main__":
    sys.exit(main())
