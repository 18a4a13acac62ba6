"""The recipes in labeling/recipes are valid."""

from pathlib import Path

import pytest

from negjudge.data.pairs import read_pairs
from negjudge.data.splits import sound_splits
from negjudge.labeling.recipe import LabelRecipe
from negjudge.recipes import load_recipe

RECIPES = {path.stem: path for path in Path("labeling/recipes").glob("*.yaml")}


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipes_are_valid(name):
    recipe = load_recipe(LabelRecipe, ["--config", str(RECIPES[name])])
    assert recipe.source == ("simulated" if name in ("mini", "mini-contest") else "people")
    assert recipe.run == f"runs/{name}"
    splits = sound_splits(recipe.splits, read_pairs(recipe.pairs))
    assert all(part.split("/")[1] in getattr(splits, part.split("/")[0]) for part in recipe.parts)
