"""`negjudge generate` refuses in one line, before a model is looked for where it can."""

from __future__ import annotations

import pytest
from generated import WORDS, error_of
from PIL import Image

from negjudge.cli import generate as generate_command


@pytest.fixture
def unasked(monkeypatch):
    """Fail where a model is so much as looked for."""

    def found(*arguments):
        raise AssertionError("a model was looked for")

    monkeypatch.setattr(generate_command, "find_model", found)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        (["--sweep", "tau=1,2"], "--sweep tau=1,2: method 'vsf' has no setting 'tau'"),
        (["--sweep", "scale=0:6"], "--sweep scale=0:6: expected NAME=START:STOP:COUNT"),
        (["--sweep", "scale=0:6:65"], "COUNT is 65, expected at most 64"),
        (["--sweep", "padding=0:1:2"], "padding is not a number; list its values"),
        (["--sweep", "scale=-1:1:3"], "--sweep at scale -1: VSF's scale is -1, expected 0 or more"),
        (["--sweep", "scale=1,2", "--sweep", "scale=3,4"], "--sweep is given twice for scale"),
        (["--sweep", "scale=1,2", "--scale", "3"], "--scale and --sweep scale are both given"),
        (
            ["--sweep", "scale=1,2", "--sweep", "offset=1,2", "--sweep", "leak=true,false"],
            "--sweep is given 3 times",
        ),
        (["--sweep", "scale=1,2", "--sweep", "offset=1,2", "--seeds", "0:2"], "give one --seed"),
        (["--seeds", "4:4"], "--seeds 4:4 holds no seed"),
        (["--seeds", "0:65"], "--seeds 0:65 holds 65 values, expected at most 64"),
        (["--seeds", "a"], "--seeds a: expected a range such as 0:8"),
        (["--seeds", "0:2", "--seed", "1"], "--seed and --seeds are both given"),
        (["--seed", "-1"], "--seed is -1, expected 0 or more"),
        (["--seed", str(2**63)], "expected 0 or more, and below 2**63"),
        (["--width", "0"], "--width is 0, expected 1 or more"),
        (["--height", "-8"], "--height is -8, expected 1 or more"),
        (["--call", "max_sequence_length"], "--call max_sequence_length: expected KEY=VALUE"),
        (["--call", "max_sequence_length="], "expected KEY=VALUE"),
        (["--call", "a b=1"], "--call a b=1: expected KEY=VALUE"),
        (["--call", "a=[1"], "--call a=[1: the value is no YAML"),
        (["--call", "a=2020-01-01"], "the value is no YAML of numbers, texts"),
        (["--call", "a=.nan"], "the value is no YAML of numbers, texts"),
        (["--call", "prompt=x"], "--call prompt=x: the command sets prompt itself"),
        (["--call", "latents=3"], "--call latents=3: latents is a tensor, a picture or a function"),
        (["--call", "negative_prompt_embeds=[1]"], "negative_prompt_embeds is a tensor"),
        (
            ["--call", "callback_on_step_end=print"],
            "callback_on_step_end is a tensor, a picture or a function",
        ),
        (
            ["--attention-map", "--method", "cfg"],
            "--attention-map: the method 'cfg' does not act inside the attention; use vsf, nag or nasa",
        ),
        (["--call", "width=8", "--width", "8"], "--call width=8: width is given twice"),
        (["-o", "nowhere/x.png"], "there is no folder nowhere to write x.png into; make it first"),
        (["-o", "nowhere/new/"], "there is no folder nowhere to write new into; make it first"),
        (["-o", "results"], "--output is results, expected a name that ends in .png, or a folder"),
    ],
)
def test_bad_input_is_one_line_before_a_model_is_looked_for(unasked, capsys, tmp_path, more, fault):
    assert fault in error_of(capsys, [*WORDS, "-o", str(tmp_path / "x.png"), *more])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ([], "there is no prompt; give one, or --from and a picture to repeat"),
        (["a bicycle", "--without", "wheels"], "there is no --model"),
        (["a bicycle", "--from", "x.png"], "--from repeats a picture as it was made; leave out a prompt"),
        (["--seed", "0", "--from", "x.png"], "leave out --seed"),
        (["--leak", "--from", "x.png"], "leave out --leak"),
        (["--sweep", "scale=1,2", "--from", "x.png"], "leave out --sweep"),
        (["--from", "nowhere.png"], "there is no picture nowhere.png"),
    ],
)
def test_words_that_do_not_go_together(unasked, capsys, tmp_path, words, fault):
    assert fault in error_of(capsys, ["generate", *words, "-o", str(tmp_path / "x.png")])


def test_a_picture_without_a_record_is_one_line(capsys, tmp_path, swept):
    Image.new("RGB", (8, 8)).save(tmp_path / "x.png")
    words = ["generate", "--from", str(tmp_path / "x.png"), "-o", str(tmp_path / "y.png")]
    assert "x.png does not say how it was made" in error_of(capsys, words)
    words[2] = str(swept / "out.png")
    assert "is a sheet of 8 pictures; give one of them" in error_of(capsys, words)
    source = str(swept / "out-none-seed0.png")
    assert "the picture to repeat; choose another name" in error_of(
        capsys, ["generate", "--from", source, "-o", source]
    )


def test_a_json_file_of_someone_else_is_spared(unasked, capsys, tmp_path):
    (tmp_path / "package.json").write_text('{"name": "package"}')
    assert "which holds something else" in error_of(capsys, [*WORDS, "-o", str(tmp_path / "package.png")])
    words = [*WORDS, "--seeds", "0:2", "-o", str(tmp_path / "package.png")]
    assert "which holds something else" in error_of(capsys, words)
    assert (tmp_path / "package.json").read_text() == '{"name": "package"}'
    assert len(list(tmp_path.iterdir())) == 1


def test_offload_needs_a_gpu(unloadable, capsys, tmp_path):
    assert "offload keeps a GPU's memory free, and the device is the CPU" in error_of(
        capsys, [*WORDS, "--offload", "-o", str(tmp_path / "x.png")]
    )


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        (["--call", "stepz=2"], "--call: StableDiffusion3Pipeline takes no 'stepz'; it takes"),
        (["--call", "guidance_scale=5"], "--call guidance_scale: the method 'vsf' sets it; leave it out"),
        (
            ["--width", "100"],
            "StableDiffusion3Pipeline refuses the call: `height` and `width` have to be divisible",
        ),
    ],
)
def test_what_the_pipeline_refuses_is_one_line(capsys, tmp_path, more, fault):
    assert fault in error_of(capsys, [*WORDS, *more, "-o", str(tmp_path / "x.png")])
    assert list(tmp_path.iterdir()) == []
