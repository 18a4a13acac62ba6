"""A recipe is one file that says everything; what several of them repeat, they repeat alike."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from negjudge.generation.recipe import GeneratorRecipe
from negjudge.recipes import read_yaml

ROOT = Path(__file__).resolve().parents[1]
GENERATORS = {
    "mini": [
        "generate/recipes/mini",
        "generate/recipes/mini-tune",
        "eval/recipes/contest/mini",
        "eval/recipes/contest/mini-vsf",
    ],
    "paper": [
        "generate/recipes/paper",
        "generate/recipes/paper-tune",
        "generate/recipes/sd3.5-large-turbo",
        "eval/recipes/contest/paper",
    ],
}
NOTED = ["eval/recipes/mini", "eval/recipes/contest/mini", "eval/recipes/contest/mini-vsf"]


def recipe(name: str) -> dict[str, Any]:
    return read_yaml(ROOT / f"{name}.yaml")


def generator(name: str) -> dict[str, Any]:
    """A contest's recipe has the generator in a section, the others among their keys."""
    whole = recipe(name)
    fields = {field.name for field in dataclasses.fields(GeneratorRecipe)}
    return whole.get("generator") or {key: value for key, value in whole.items() if key in fields}


@pytest.mark.parametrize("profile", GENERATORS)
def test_a_profile_has_one_generator(profile: str) -> None:
    first, *others = (generator(name) for name in GENERATORS[profile])
    assert {"model", "dtype", "steps", "width", "height", "batch_size"} <= set(first)
    assert others == [first] * 3


def test_the_mini_lab_has_one_note() -> None:
    first, *others = (recipe(name)["note"] for name in NOTED)
    assert others == [first] * 2


def test_the_paper_profile_trains_the_lora_and_qlora_differs_in_memory_alone() -> None:
    lora = recipe("train/recipes/qwen2.5-vl-7b-lora")
    assert recipe("train/recipes/paper") == lora  # a link; a checkout without links would break here
    smaller = {"quantization": "4bit", "batch_size": 1, "gradient_accumulation": 32}
    assert recipe("train/recipes/qwen2.5-vl-7b-qlora") == {**lora, **smaller}
    assert smaller["batch_size"] * smaller["gradient_accumulation"] == (
        lora["batch_size"] * lora["gradient_accumulation"]
    )
