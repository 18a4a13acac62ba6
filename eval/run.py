"""Measures judge and methods on the held-out pairs: ``python -m eval.run --config FILE``."""

from __future__ import annotations

import sys

from negjudge.contest.recipe import load_evaluation
from negjudge.data.runs import METRICS, run_folder
from negjudge.errors import command
from negjudge.evaluation.recipe import require_asked
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import summary
from negjudge.external.importing import import_pictures


@command
def main(argv: list[str] | None = None) -> None:
    """Bring in a manifest's pictures, read and judge what has not been yet, measure, print the tables.

    Rows of the manifest that could not be used, and judges of the recipe that could not be asked, are told at
    the end, with exit code 2.
    """
    recipe = load_evaluation(argv, prog="python -m eval.run")
    run = run_folder(recipe.run)
    imported = import_pictures(
        run, recipe.images, recipe.manifest, recipe.pairs, recipe.splits, recipe.replace
    )
    for line in imported.lines():
        print(line)
    metrics = evaluate(recipe, run)
    for line in summary(metrics):
        print(line)
    print(f"all figures in {run / METRICS}; `python -m eval.report` with the same flags makes the page")
    imported.require_all()
    require_asked(recipe, metrics.left_out)


if __name__ == "__main__":
    sys.exit(main())
