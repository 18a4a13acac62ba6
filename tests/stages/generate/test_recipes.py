"""The recipes in generate/recipes: keys, settings, and what their models' pipelines take."""

from __future__ import annotations

import inspect
from pathlib import Path

import diffusers
import pytest

from generate.run import Recipe
from generate.tune import Recipe as Search
from negjudge.data.pairs import read_pairs, select_pairs
from negjudge.data.splits import read_splits, sound_splits
from negjudge.generation.settings import read_settings
from negjudge.guidance.families import FAMILIES
from negjudge.recipes import load_recipe
from negjudge.tuning.objective import Contestant
from negjudge.tuning.search import grid_of

SEARCHES = ("mini-tune", "paper-tune")
# What the Hub's model_index.json says of the models that recipes name.
PIPELINES = {
    "mini": "StableDiffusion3Pipeline",
    "paper": "StableDiffusion3Pipeline",
    "sd3.5-large-turbo": "StableDiffusion3Pipeline",
    "flux.1-schnell": "FluxPipeline",
    "flux.2-klein": "Flux2KleinPipeline",
    "qwen-image-lightning": "QwenImagePipeline",
    "z-image-turbo": "ZImagePipeline",
    "wan2.1-causvid": "WanPipeline",
    "sdxl-turbo": "StableDiffusionXLPipeline",
}


def test_every_recipe_of_pictures_is_tested():
    recipes = {path.stem for path in Path("generate/recipes").glob("*.yaml")}
    assert recipes - set(SEARCHES) == set(PIPELINES)


@pytest.mark.parametrize("name", SEARCHES)
def test_searches_hold_known_methods_and_grids_and_write_what_generate_reads(name):
    loaded = load_recipe(Search, ["--config", f"generate/recipes/{name}.yaml"])
    assert loaded.run == f"runs/{name}"
    for method, space in loaded.spaces.items():
        assert set(grid_of(Contestant(method, method, space, loaded.fixed.get(method, {})))) == set(space)
    pairs = read_pairs(loaded.pairs)
    assert select_pairs(pairs, sound_splits(loaded.splits, pairs), loaded.dev.splits)
    made = load_recipe(Recipe, ["--config", f"generate/recipes/{name.removesuffix('-tune')}.yaml"])
    assert (loaded.output, loaded.model, loaded.steps) == (made.settings, made.model, made.steps)
    assert bool(loaded.judge) != bool(loaded.reader)


@pytest.mark.parametrize("name", PIPELINES)
def test_the_recipes_hold_known_keys_methods_with_settings_and_arguments_of_their_pipelines(name):
    loaded = load_recipe(Recipe, ["--config", f"generate/recipes/{name}.yaml"])
    assert loaded.run == f"runs/{name}"
    pairs, splits = read_pairs(loaded.pairs), read_splits(loaded.splits)
    for asked in (loaded.test, loaded.train, loaded.judge, loaded.control):
        assert all(select_pairs(pairs, splits, [part]) for part in asked.splits)
    assert set(read_settings(loaded.settings, loaded.methods)) == set(loaded.methods)
    assert any(PIPELINES[name] in family.pipelines for family in FAMILIES)
    call = inspect.signature(getattr(diffusers, PIPELINES[name]).__call__).parameters
    assert set(loaded.arguments) <= set(call)
    assert {"height", "width", "num_inference_steps", "output_type"} <= set(call)
