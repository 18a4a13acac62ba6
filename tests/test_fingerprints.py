"""Digests that stand in runs already: what names weights today names them tomorrow."""

import json
from pathlib import Path

import pytest

from negjudge.evaluation.evidence.candidates import Candidate
from negjudge.evaluation.recipe import JudgeRecipe
from negjudge.generation.loras import Lora, find_lora
from negjudge.generation.pipelines import folder_revision
from negjudge.judge.loading import weights_sha256


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    index = {"vae": ["diffusers", "VAE"], "text_encoder_3": [None, None]}
    files = {
        "model-2.safetensors": "second" * 1000,
        "model-1.safetensors": "first" * 1000,
        "config.json": '{"model_type": "tiny"}\n',
        "model_index.json": json.dumps(index),
        "vae/weights.safetensors": "vae" * 1000,
        "notes.txt": "x",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content.encode())
    return tmp_path


def test_of_a_folder(folder):
    weights = "faad1ac86af9c5a5e69ab4d1742ac24d52c2a05746166e837c3e4ddf7281cd16"
    assert weights_sha256(folder) == weights
    assert folder_revision(folder) == "sha256-338189859996ad21"
    lora = find_lora(Lora(str(folder), "model-1.safetensors"))
    assert lora.revision == "sha256-e2d4b4a583e6560b"


@pytest.mark.parametrize(
    ("judge", "name"),
    [
        ({}, "288b17b7"),
        ({"kind": "vqascore"}, "43d85db9"),
        ({"source": "a/b"}, "c14cddc0"),
        ({"source": "a/b", "revision": "main"}, "44c2e3c9"),
        ({"source": "a/b", "kind": "vqascore"}, "007f9d61"),
        ({"source": "m", "kind": "endpoint", "parameters": {"seed": 1}}, "61f4d95b"),
    ],
)
def test_of_a_judge(folder, judge, name):
    assert Candidate("big", JudgeRecipe(**{"source": str(folder), **judge})).name == f"big@{name}"
