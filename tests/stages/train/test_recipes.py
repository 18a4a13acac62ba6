"""The recipes in train/recipes load."""

from pathlib import Path

import pytest

from negjudge.recipes import load_recipe
from negjudge.training.recipe import TrainRecipe

RECIPES = sorted(Path("train/recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_load(path):
    recipe = load_recipe(TrainRecipe, ["--config", str(path)])
    assert recipe.run.startswith("runs/")
    assert (recipe.quantization == "4bit") == ("qlora" in path.stem)


def test_the_real_recipes_are_of_one_base():
    named = [load_recipe(TrainRecipe, ["--config", str(path)]) for path in RECIPES if "qwen" in path.stem]
    assert len(named) == 2
    assert {recipe.base for recipe in named} == {"Qwen/Qwen2.5-VL-7B-Instruct"}
