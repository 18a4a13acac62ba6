"""`negjudge generate`: the picture that the library makes, and one line for every fault."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil

import pytest
import torch
from PIL import Image

from negjudge.cli.main import main
from negjudge.errors import NegjudgeError
from negjudge.generation.sweeps.plan import Asked
from negjudge.generation.sweeps.single import call_defaults, check_call
from negjudge.guidance import VSF, Plain, guide

CALL = {"num_inference_steps": 3, "width": 32, "height": 32, "max_sequence_length": 8}


@pytest.fixture(scope="module")
def folder(model_folder, tmp_path_factory):
    """A model folder that says how it wants to be called."""
    copied = tmp_path_factory.mktemp("single") / "tiny"
    shutil.copytree(model_folder, copied)
    (copied / "call.json").write_text(json.dumps(CALL))
    return copied


def pixels(content):
    return Image.open(io.BytesIO(content)).convert("RGB").tobytes()


def by_the_library(model, method, negative, **arguments):
    with guide(model.pipe, method, negative_prompt=negative):
        generator = torch.Generator("cpu").manual_seed(3)
        picture = model.pipe(
            "a bicycle", guidance_scale=0, generator=generator, **{**CALL, **arguments}
        ).images[0]
    return picture.tobytes()


def command_line(folder, output, *more):
    words = ["generate", "a bicycle", "--without", "wheels", "--model", str(folder), "--seed", "3"]
    return main([*words, "--device", "cpu", "-o", str(output), *more])


def test_the_command_makes_the_picture_of_the_library(folder, model, tmp_path, capsys):
    output = tmp_path / "out.png"
    assert command_line(folder, output, "--method", "vsf", "--scale", "2", "--offset", "0.5") == 0
    assert capsys.readouterr().out.startswith(
        f"{output}: 'a bicycle' without 'wheels', VSF(scale=2.0, offset=0.5"
    )
    guided = pixels(output.read_bytes())
    assert guided == by_the_library(model, VSF(scale=2.0, offset=0.5), "wheels")
    assert guided != by_the_library(model, Plain(), None)


def test_method_none_is_the_plain_pipeline(folder, model, tmp_path):
    assert command_line(folder, tmp_path / "x.png", "--method", "none", "--steps", "2") == 0
    plain = by_the_library(model, Plain(), None, num_inference_steps=2)
    assert pixels((tmp_path / "x.png").read_bytes()) == plain


def test_an_argument_that_the_pipeline_lacks_is_named(model):
    with pytest.raises(NegjudgeError, match="StableDiffusion3Pipeline takes no 'stepz'"):
        check_call(model, Asked("a bicycle", "", Plain(), 0, {"stepz": 2}), ())


@pytest.mark.parametrize(("content", "fault"), [("{", "not valid JSON"), ("[1]", "expected an object")])
def test_a_broken_call_file_is_named(model, tmp_path, content, fault):
    (tmp_path / "call.json").write_text(content)
    with pytest.raises(NegjudgeError, match=fault):
        call_defaults(dataclasses.replace(model, folder=tmp_path))


def test_a_folder_without_a_call_file_has_no_defaults(model):
    assert call_defaults(model) == {}


def test_torn_weights_leave_one_line_and_no_picture(folder, tmp_path, capsys):
    torn = tmp_path / "torn"
    shutil.copytree(folder, torn)
    weights = next((torn / "transformer").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1000])
    assert command_line(torn, tmp_path / "x.png") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith("error: ")]) == 1
    assert str(torn) in lines[-1]
    assert not (tmp_path / "x.png").exists()
