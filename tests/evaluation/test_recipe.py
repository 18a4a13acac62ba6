"""Further judges in an evaluation's recipe: read as they are meant, refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from negjudge.errors import NegjudgeError
from negjudge.evaluation.recipe import EvalRecipe, JudgeRecipe, Price
from negjudge.recipes import load_recipe


def test_a_recipe_on_disk_gives_judges(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    judges = {
        "vqa score": {"kind": "vqascore", "source": "a/b", "device": "cpu"},
        "large": {
            "kind": "endpoint",
            "source": "large-1",
            "price": {"input": 2, "output": 8.5},
            "max_cost": 5,
            "parameters": {"temperature": None, "seed": 1},
        },
    }
    path.write_text(json.dumps({**REST, "judges": judges}))
    recipe = load_recipe(EvalRecipe, ["--config", str(path)], "eval")
    assert recipe.judges["vqa score"] == JudgeRecipe(kind="vqascore", source="a/b", device="cpu")
    large = recipe.judges["large"]
    assert (large.price, large.max_cost, large.concurrency) == (Price(input=2, output=8.5), 5, 4)
    assert large.parameters == {"temperature": None, "seed": 1}


REST = {"run": "r", "pairs": "p", "splits": "s", "note": "n", "card": {"licence": "mit"}}


@pytest.mark.parametrize(
    ("judges", "said"),
    [
        ({"base": {"source": "a/b"}}, "'judges.base': a name has letters"),
        ({"a/b": {"source": "a/b"}}, "'judges.a/b'"),
        ({"big": {"source": "a/b", "max_requests": 3}}, "'judges.big.max_requests': only a judge of kind"),
        (
            {"big": {"kind": "endpoint", "source": "m", "max_cost": 3}},
            "'judges.big.max_cost': give the price",
        ),
        ({"big": {"kind": "endpoint", "source": "m", "concurrency": 0}}, "'judges.big.concurrency'"),
        ({"big": {"kind": "endpoint"}}, "source"),
        ({"big": {"source": "a/b", "colour": "red"}}, "colour"),
        ({"big": {"kind": "oracle", "source": "a/b"}}, "vqascore"),
    ],
)
def test_what_is_wrong_with_a_judge_is_one_line(tmp_path: Path, judges: Any, said: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({**REST, "judges": judges}))
    with pytest.raises(NegjudgeError) as error:
        load_recipe(EvalRecipe, ["--config", str(path)], "eval")
    assert said in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
