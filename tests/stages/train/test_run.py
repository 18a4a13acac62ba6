"""The stage's entry point: its recipes load, and a wrong one ends with a line and code 2."""

from pathlib import Path

import pytest

from negjudge.recipes import load_recipe
from negjudge.training.recipe import TrainRecipe
from train.run import main

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


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--config", "train/recipes/mini.yaml", "--epoch", "1"], ("epoch", "command line")),
        (["--config", "train/recipes/mini.yaml", "--batch_size", "0"], ("batch_size", "1 or more")),
        (["--config", "train/recipes/mini.yaml", "--lora.rnak", "1"], ("rnak",)),
        (["--config", "train/recipes/none.yaml"], ("train/recipes/none.yaml",)),
    ],
)
def test_a_wrong_recipe_is_one_line(options, words, capsys):
    assert main(options) == 2
    printed = capsys.readouterr().err.strip()
    assert printed.count("\n") == 0
    for word in words:
        assert word in printed


def test_a_missing_model_is_one_line(capsys, tmp_path, run):
    assert main(["--config", "train/recipes/mini.yaml", "--run", str(run), "--base", "data/none/judge"]) == 2
    assert capsys.readouterr().err.startswith("error: there is no model folder data/none/judge")
