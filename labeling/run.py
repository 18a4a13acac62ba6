"""Collects the labels of a recipe through Label Studio: ``python -m labeling.run --config FILE``."""

from __future__ import annotations

import sys

from negjudge.errors import command
from negjudge.labeling.recipe import LabelRecipe
from negjudge.labeling.stage import label
from negjudge.recipes import load_recipe


@command
def main(argv: list[str] | None = None) -> None:
    """Collect the votes that are missing, compute the labels, and say how far the annotators agree."""
    recipe = load_recipe(LabelRecipe, argv, prog="python -m labeling.run")
    print(label(recipe).summary())


if __name__ == "__main__":
    sys.exit(main())
