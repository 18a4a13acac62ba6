"""Tunes, calibrates and saves the judge of a run: ``python -m train.run --config FILE``."""

from __future__ import annotations

import sys

from negjudge.errors import command
from negjudge.recipes import load_recipe
from negjudge.runs import run_folder
from negjudge.training import train
from negjudge.training_recipe import TrainRecipe


@command
def main(argv: list[str] | None = None) -> None:
    """Train what is not trained yet, and say where the judge is."""
    recipe = load_recipe(TrainRecipe, argv, prog="python -m train.run")
    train(recipe, run_folder(recipe.run))


if __name__ == "__main__":
    sys.exit(main())
