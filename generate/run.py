"""Makes the pictures of a recipe and their contact sheets: ``python -m generate.run --config FILE``."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from negjudge.data.pairs import read_pairs
from negjudge.data.runs import CONTROL, SHEETS, run_folder
from negjudge.data.splits import sound_splits
from negjudge.errors import command
from negjudge.generation.jobs import PictureSet
from negjudge.generation.recipe import PictureRecipe
from negjudge.generation.samples import generate
from negjudge.generation.settings import read_settings
from negjudge.generation.sheets.attention import write_attention_sheets
from negjudge.generation.sheets.contact import write_run_sheets
from negjudge.guidance.methods import METHODS
from negjudge.recipes import load_recipe


@dataclass(frozen=True, kw_only=True)
class Recipe(PictureRecipe):
    """Pictures of each pair with each guidance method, from several seeds."""

    settings: str
    """YAML file of each method's settings, as `make tune` writes it."""
    methods: list[str] = field(default_factory=lambda: list(METHODS))
    """Guidance methods to compare."""
    test: PictureSet = field(default_factory=PictureSet)
    """The pictures on which the methods are compared."""
    train: PictureSet = field(default_factory=PictureSet)
    """The pictures on which the judge is trained and validated."""
    judge: PictureSet = field(default_factory=PictureSet)
    """The pictures on which the judge is tested."""
    control: PictureSet = field(default_factory=PictureSet)
    """Pictures with the wrong element named as the negative; they have a folder of their own, control/."""
    repair: bool = False
    """Make a missing or damaged picture anew instead of stopping at it."""


@command
def main(argv: list[str] | None = None) -> None:
    """Make what the run folder lacks, draw the sheets, and say what is where."""
    recipe = load_recipe(Recipe, argv, prog="python -m generate.run")
    pairs = read_pairs(recipe.pairs)
    splits = sound_splits(recipe.splits, pairs)
    methods = list(read_settings(recipe.settings, recipe.methods).values())
    test, train, judge = (s.jobs(pairs, splits, methods) for s in (recipe.test, recipe.train, recipe.judge))
    control = recipe.control.control(pairs, splits, methods)

    run, model = run_folder(recipe.run), recipe.find_model()
    made = generate(model, test + train + judge, run, recipe.rendering, recipe.repair)
    wrong = generate(model, control, run / CONTROL, recipe.rendering, recipe.repair)
    sheets = write_run_sheets(run, made.samples[: len(test)], made.samples[len(test) :], wrong.samples)
    sheets += write_attention_sheets(model, test, run, recipe.rendering, bool(made.new))
    drawn = f"{len(sheets)} sheets in {run / SHEETS}"
    print(made.summary(run), wrong.summary(run / CONTROL), drawn, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
