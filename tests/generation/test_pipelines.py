"""A pipeline folder is named by what it holds, and what cannot be loaded ends in one line."""

import shutil

import pytest

from negjudge.errors import NegjudgeError
from negjudge.generation.pipelines import find_model, folder_revision


@pytest.fixture
def copy(model_folder, tmp_path):
    return shutil.copytree(model_folder, tmp_path / "copy")


def test_a_copy_is_the_same_revision_and_notes_do_not_count(model_folder, copy):
    (copy / "training.log").write_text("loss 0.1")
    assert folder_revision(copy) == folder_revision(model_folder)
    assert folder_revision(copy).startswith("sha256-")


@pytest.mark.parametrize("file", ["model_index.json", "scheduler/scheduler_config.json"])
def test_another_configuration_is_another_revision(copy, file):
    before = folder_revision(copy)
    (copy / file).write_text((copy / file).read_text() + "\n")
    assert folder_revision(copy) != before


def test_other_weights_are_another_revision(copy):
    before = folder_revision(copy)
    weights = copy / "vae/diffusion_pytorch_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert folder_revision(copy) != before


@pytest.mark.parametrize("name", ["data/mini/no-such-folder", "./generator", "no-such-folder"])
def test_a_folder_that_is_not_there_is_named(name):
    with pytest.raises(NegjudgeError, match=f"no model folder {name}"):
        find_model(name)


def test_a_folder_that_is_no_pipeline_is_named(tmp_path):
    with pytest.raises(NegjudgeError, match="is no diffusers pipeline"):
        find_model(str(tmp_path))


def test_damaged_weights_are_named_on_loading(copy):
    weights = copy / "transformer/diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(NegjudgeError, match=f"cannot load the pipeline {copy}"):
        _ = find_model(str(copy)).pipe


def test_the_device_and_the_type_are_checked(model_folder):
    with pytest.raises(NegjudgeError, match="'tpu' is not one of"):
        find_model(str(model_folder), device="tpu")
    with pytest.raises(NegjudgeError, match="'int8' is not one of"):
        find_model(str(model_folder), dtype="int8")
    with pytest.raises(NegjudgeError, match="goes with a Hub id"):
        find_model(str(model_folder), revision="main")


def test_the_pipeline_is_loaded_in_the_type_asked_for(model_folder):
    pipe = find_model(str(model_folder), dtype="bfloat16").pipe
    assert str(pipe.transformer.dtype) == "torch.bfloat16"
    assert pipe.text_encoder_3 is None
