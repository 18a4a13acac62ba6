"""Loading: adapters find their base, and every fault is one clear line."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from negjudge import Judge
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import load_model, quiet, weights_sha256
from negjudge.judge.settings import read_judge_settings


def scores(folder, pictures):
    judge = Judge.from_pretrained(folder, device="cpu")
    return [v.details for v in judge.score(pictures[:3], "bicycle", "wheels")]


def refused(folder):
    with pytest.raises(NegjudgeError) as error:
        Judge.from_pretrained(folder, device="cpu")
    assert "\n" not in str(error.value)
    return str(error.value)


def same(first, second, tolerance=1e-5):
    for one, other in zip(first, second, strict=True):
        assert one == pytest.approx(other, abs=tolerance)


def test_adapter_is_base_and_lora(adapter, base, pictures):
    tuned = scores(adapter, pictures)
    with pytest.raises(AssertionError):
        same(tuned, scores(base, pictures), tolerance=1e-2)
    with quiet():
        merged = PeftModel.from_pretrained(load_model(base), adapter).merge_and_unload()
    folder = adapter.with_name("merged")
    merged.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "processor_config.json", "chat_template.jinja"):
        shutil.copy(adapter / name, folder)
    same(scores(folder, pictures), tuned, tolerance=1e-4)


def test_adapter_loads_from_anywhere(adapter, pictures, tmp_path, monkeypatch):
    expected = scores(adapter, pictures)
    monkeypatch.chdir(tmp_path)
    same(scores(adapter, pictures), expected)


def test_moved_adapter_is_told_where_its_base_should_be(adapter, base, tmp_path, pictures, monkeypatch):
    moved = tmp_path / "judge"
    shutil.copytree(adapter, moved)
    line = refused(moved)
    assert "tuned from base," in line
    assert "../../../base" in line
    # The base as the recipe names it, from the folder where one stands, does as well.
    monkeypatch.chdir(base.parent)
    same(scores(moved, pictures), scores(adapter, pictures))


def test_another_base_in_its_place_is_refused(adapter, base, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(base.parent, root)
    weights = load_file(root / "base" / "model.safetensors")
    save_file(
        {k: v + 1e-3 for k, v in weights.items()}, root / "base" / "model.safetensors", {"format": "pt"}
    )
    assert "is not what the judge" in refused(root / "runs" / "mini" / "judge")


def test_missing_and_torn_models(base, tmp_path):
    assert "there is no model folder" in refused("no/such/folder")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no model" in refused(empty)
    torn = tmp_path / "torn"
    shutil.copytree(base, torn)
    content = (base / "model.safetensors").read_bytes()
    (torn / "model.safetensors").write_bytes(content[: len(content) // 2])
    assert "cannot load the model" in refused(torn)
    weights = load_file(base / "model.safetensors")
    lacking = {k: v for k, v in weights.items() if "layers.1.mlp" not in k}
    save_file(lacking, torn / "model.safetensors", {"format": "pt"})
    assert "lacks fitting weights" in refused(torn)
    config = json.loads((base / "config.json").read_text())
    (torn / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))
    assert "type llama" in refused(torn)


def test_lora_that_does_not_fit(adapter, base, tmp_path):
    shutil.copytree(base.parent, tmp_path / "copy")
    folder = tmp_path / "copy" / "runs" / "mini" / "judge"
    weights = load_file(folder / "adapter_model.safetensors")
    name = next(iter(weights))
    save_file({k: v for k, v in weights.items() if k != name}, folder / "adapter_model.safetensors")
    assert "does not fit" in refused(folder)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"format": 99}, "format is 99"),
        ({"templates": 0}, "templates is 0"),
        ({"calibration": {"object": {"warmth": 1.0}}}, "'warmth'"),
        ({"calibration": {"abstain": "much"}}, "'much'"),
        ({"mood": 1}, "'mood'"),
    ],
)
def test_settings_of_another_kind_are_refused(adapter, tmp_path, change, word):
    content = json.loads((adapter / "judge.json").read_text()) | change
    (tmp_path / "judge.json").write_text(json.dumps(content))
    with pytest.raises(NegjudgeError, match=word):
        read_judge_settings(tmp_path)
    (tmp_path / "judge.json").write_text("{")
    with pytest.raises(NegjudgeError, match="not valid JSON"):
        read_judge_settings(tmp_path)


def test_settings_survive_the_file(adapter):
    settings = read_judge_settings(adapter)
    assert settings.calibration.object.present == 2.0
    assert settings.calibration.success.slope == 1.0
    assert settings.base.path == "../../../base"


def test_hash_is_of_the_weights_alone(base, tmp_path):
    shutil.copytree(base, tmp_path / "copy")
    (tmp_path / "copy" / "notes.txt").write_text("x")
    assert weights_sha256(tmp_path / "copy") == weights_sha256(base)
    weights = load_file(base / "model.safetensors")
    weights["lm_head.weight"] = torch.zeros(1)
    save_file(weights, tmp_path / "copy" / "model.safetensors")
    assert weights_sha256(tmp_path / "copy") != weights_sha256(base)


def test_judge_brings_neither_diffusers_nor_trl():
    code = "import negjudge.judge.judge, sys; print({'diffusers', 'trl'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
