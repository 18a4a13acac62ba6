"""Holds a contest of methods: ``python -m eval.contest --config FILE``."""

from __future__ import annotations

import sys

from negjudge.contest.recipe import ContestRecipe
from negjudge.contest.stage import run_contest
from negjudge.data.runs import METRICS, run_folder
from negjudge.errors import command
from negjudge.evaluation.recipe import require_asked
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import summary
from negjudge.evaluation.tradeoffs.summary import contest_summary
from negjudge.external.importing import import_pictures
from negjudge.recipes import load_recipe
from negjudge.report.page import write_report


@command
def main(argv: list[str] | None = None) -> None:
    """Search on dev, freeze, make the test's pictures, measure and show them, and say what came of it.

    Rows of a manifest that could not be used, and judges of the recipe that could not be asked, are told at
    the end, with exit code 2.
    """
    recipe = load_recipe(ContestRecipe, argv, prog="python -m eval.contest")
    run = run_folder(recipe.run)
    contest = run_contest(recipe, run)
    imported = import_pictures(
        run, recipe.images, recipe.manifest, recipe.pairs, recipe.splits, recipe.replace
    )
    metrics = evaluate(recipe, run)
    page = write_report(recipe, run)
    special = contest_summary(metrics.contest) if metrics.contest else ()
    for line in (*contest.lines(run), *imported.lines(), "", *summary(metrics), *special):
        print(line)
    print(f"all figures in {run / METRICS}; the page is {page}")
    imported.require_all()
    require_asked(recipe, metrics.left_out)


if __name__ == "__main__":
    sys.exit(main())
