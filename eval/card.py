"""Writes the model card of an evaluated run's judge: ``python -m eval.card --config FILE``."""

from __future__ import annotations

import sys

from negjudge.contest.recipe import ContestRecipe, load_evaluation
from negjudge.data.runs import JUDGE, run_folder
from negjudge.errors import command
from negjudge.publishing.card import write_card


@command
def main(argv: list[str] | None = None) -> None:
    """Write the card into the run folder, the judge's folder and model_cards/."""
    recipe = load_evaluation(argv, prog="python -m eval.card")
    run = run_folder(recipe.run)
    if isinstance(recipe, ContestRecipe) and not (run / JUDGE).is_dir():
        print(f"no model card: {run} holds a contest and no judge of its own")
        return
    for path in write_card(recipe, run):
        print(path)


if __name__ == "__main__":
    sys.exit(main())
