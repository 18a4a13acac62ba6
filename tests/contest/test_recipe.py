"""The recipe of a contest is an evaluation's too, and is read as one place says."""

from pathlib import Path


def test_no_command_loads_the_recipe_of_an_evaluation_alone():
    sources = [
        path for part in ("src", "eval", "generate", "labeling", "train") for path in Path(part).rglob("*.py")
    ]
    found = [str(path) for path in sources if "load_recipe(EvalRecipe" in path.read_text()]
    assert found == ["src/negjudge/contest/recipe.py"]
