"""Writes the model card of an evaluated run's judge: ``python -m eval.card --config FILE``."""

from __future__ import annotations

import sys

from negjudge.contest.recipe import load_evaluation
from negjudge.data.runs import run_folder
from negjudge.errors import command
from negjudge.publishing.card import write_card


@command
def main(argv: list[str] | None = None) -> None:
    """Write the card into the run folder, the judge's folder and model_cards/."""
    recipe = load_evaluation(argv, prog="python -m eval.card")
    for path in write_card(recipe, run_folder(recipe.run)):
        print(path)


if __name__ == "__main__":
    sys.exit(main())
