"""The recipes in eval/recipes are whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from negjudge.contest.recipe import ContestRecipe
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.recipes import load_recipe

CONTESTS = sorted(Path("eval/recipes/contest").glob("*.yaml"))


@pytest.mark.parametrize("path", CONTESTS, ids=lambda path: path.stem)
def test_our_recipes_are_whole(path):
    recipe = load_recipe(ContestRecipe, ["--config", str(path)])
    assert len(recipe.contestants) > 1
    assert path.stem == "mini-vsf" or recipe.trials >= 24


RECIPES = sorted(Path("eval/recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_is_read(path: Path) -> None:
    recipe = load_recipe(EvalRecipe, ["--config", str(path)], "eval")
    assert recipe.run == f"runs/{path.stem}"
    assert recipe.note
    assert recipe.card.licence
