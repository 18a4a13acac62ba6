"""Simulates how often our intervals cover the truth: ``python -m studies.coverage --config FILE``."""

from __future__ import annotations

import sys

from negjudge.data.runs import run_folder
from negjudge.errors import command
from negjudge.recipes import load_recipe
from studies.coverage.study import FILE, TABLE, CoverageRecipe, cover, lines


@command
def main(argv: list[str] | None = None) -> None:
    """Simulate, resample the run's labels, print the tables, and say where all figures are."""
    recipe = load_recipe(CoverageRecipe, argv, prog="python -m studies.coverage")
    run = run_folder(recipe.run)
    for line in lines(cover(recipe, run)):
        print(line)
    print(f"all figures in {run / FILE} and {run / TABLE}")


if __name__ == "__main__":
    sys.exit(main())
