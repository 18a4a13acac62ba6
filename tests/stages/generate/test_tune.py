"""`python -m generate.tune` writes what generate reads, and says in one line what it cannot do."""

import json

import pytest
import yaml
from searched import SPACES

from generate.tune import Recipe, main
from negjudge.data.runs import HISTORY
from negjudge.generation.settings import read_settings
from negjudge.recipes import load_recipe


@pytest.fixture
def recipe(recipe_values, tmp_path):
    keys = ("pairs", "splits", "model", "steps", "width", "height", "batch_size", "arguments")
    values = {key: recipe_values[key] for key in keys} | {
        "run": str(tmp_path / "tune"),
        "output": str(tmp_path / "found.yaml"),
        "spaces": SPACES,
        "dev": {"splits": ["methods/dev"], "seeds": 2},
        "trials": 3,
        "reader": "colours:read_colours",
    }
    path = tmp_path / "tune.yaml"
    path.write_text(yaml.safe_dump(values))
    return ["--config", str(path)]


def test_what_is_found_is_what_generate_reads(recipe, tmp_path, capsys):
    assert main(recipe) == 0
    assert f"settings in {tmp_path / 'found.yaml'}" in capsys.readouterr().out
    methods = read_settings(tmp_path / "found.yaml", ["none", *SPACES])
    found = yaml.safe_load((tmp_path / "found.yaml").read_text())["search"]
    history = [json.loads(line) for line in (tmp_path / "tune" / HISTORY).read_text().splitlines()]
    for name in SPACES:
        best = next(
            t for t in history if t["method"] == name and t["number"] == found["best"][name]["number"]
        )
        assert methods[name].params.items() >= best["params"].items()
    assert found["denoiser_evaluations"] == 3 * 2 * 2 * 2  # trials, pairs, seeds, steps
    assert found["revision"].startswith("sha256-")
    assert (tmp_path / "found.jsonl").read_bytes() == (tmp_path / "tune" / HISTORY).read_bytes()
    before = (tmp_path / "found.yaml").read_bytes()
    assert main(recipe) == 0
    assert (tmp_path / "found.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--reader", "colours:nothing"], "'reader'"),
        (["--dev.seeds", "3"], "even number of seeds"),
        (["--trails", "3"], "'trails'"),
        (["--spaces", "{vsf: {scale: [0, 1, 0.1], shift: [0, 1, 0.1]}}"], "'shift'"),
    ],
)
def test_bad_input_ends_in_one_line(recipe, capsys, flags, fault):
    assert main([*recipe, *flags]) == 2
    error = capsys.readouterr().err.splitlines()
    assert error[-1].startswith("error: ")
    assert fault in error[-1]


def test_the_recipe_holds_known_keys_alone():
    loaded = load_recipe(Recipe, ["--config", "generate/recipes/mini-tune.yaml"])
    assert set(loaded.spaces) == {"cfg", "vsf", "nag", "nasa"}
