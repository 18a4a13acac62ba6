"""The recipe of an evaluation: the judges that it lists, by file and by flags, and what is wrong with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from negjudge.errors import NegjudgeError
from negjudge.evaluation.recipe import (
    EndpointModel,
    EvalRecipe,
    JudgeRecipe,
    LocalModel,
    Price,
    VQAScoreModel,
)
from negjudge.recipes import load_recipe

REST = {"run": "r", "pairs": "p", "splits": "s", "note": "n", "card": {"licence": "mit"}}


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


def test_a_judge_has_the_keys_of_its_kind() -> None:
    price = Price(input=1, output=2)
    judges = {
        "ours": JudgeRecipe(source="a/b", revision="v1", asked="all"),
        "vqa": JudgeRecipe(kind="vqascore", source="a/b", device="cpu"),
        "gpt": JudgeRecipe(kind="endpoint", source="m", price=price, max_cost=3),
    }
    assert {name: judge.model(f"judges.{name}") for name, judge in judges.items()} == {
        "ours": LocalModel(source="a/b", revision="v1", asked="all"),
        "vqa": VQAScoreModel(source="a/b", device="cpu"),
        "gpt": EndpointModel(source="m", price=price, max_cost=3),
    }


@pytest.mark.parametrize("order", [1, -1])
def test_flags_give_a_judge_key_by_key(tmp_path: Path, order: int) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({**REST, "judges": {"first": {"source": "a/b"}}}))
    given = [("kind", "endpoint"), ("source", "m"), ("max_requests", "3"), ("price", "{input: 1, output: 2}")]
    flags = [word for key, value in given[::order] for word in (f"--judges.gpt.{key}", value)]
    recipe = load_recipe(EvalRecipe, ["--config", str(path), *flags, "--judges.first.device", "cpu"], "eval")
    assert recipe.models() == {
        "first": LocalModel(source="a/b", device="cpu"),
        "gpt": EndpointModel(source="m", max_requests=3, price=Price(input=1, output=2)),
    }


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
        (
            {"big": {"kind": "vqascore", "source": "a/b", "concurrency": 9}},
            "'judges.big.concurrency': only a judge of kind endpoint has it",
        ),
        (
            {"big": {"kind": "endpoint", "source": "m", "device": "cpu"}},
            "'judges.big.device': only a judge of kind local or vqascore has it",
        ),
        ({"big": {"kind": "endpoint"}}, "key 'judges.source' is missing"),
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
