"""Measures judge and methods on the held-out pairs: ``python -m eval.run --config FILE``."""

from __future__ import annotations

import sys

from negjudge.errors import command
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import summary
from negjudge.recipes import load_recipe
from negjudge.runs import METRICS, run_folder


@command
def main(argv: list[str] | None = None) -> None:
    """Read and judge what has not been yet, measure, write metrics.json, and print the tables in short."""
    recipe = load_recipe(EvalRecipe, argv, prog="python -m eval.run")
    run = run_folder(recipe.run)
    metrics = evaluate(recipe, run)
    for line in summary(metrics):
        print(line)
    print(f"all figures in {run / METRICS}; `make report card` shows them")


if __name__ == "__main__":
    sys.exit(main())
