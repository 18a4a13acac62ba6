"""`negjudge generate` on the mini lab's model: seeds, sweeps, what pictures say of themselves, repeats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import diffusers
import pytest
import torch
import transformers
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import negjudge
from negjudge.cli import generate as generate_command
from negjudge.cli.main import main
from negjudge.generation.pipelines import Model, find_model
from negjudge.generation.sweeps import make as generate_pictures
from negjudge.generation.sweeps.provenance import KEY

MODEL = "data/mini/generator"
WORDS = ["generate", "a bicycle", "--without", "wheels", "--device", "cpu", "--model", MODEL]
SCALES = ("none", "scale0", "scale9", "scale18")
SWEEP = [*WORDS, "--sweep", "scale=0:18:3", "--seeds", "0:2"]


def pixels(path):
    with Image.open(path) as image:
        return image.convert("RGB").tobytes()


def chunk(path):
    with Image.open(path) as image:
        return json.loads(image.info[KEY])


def times(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def error_of(capsys, words):
    assert main(words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("error: ")] == lines[-1:]
    return lines[-1]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with a sweep of three scales from two seeds, in out.png."""
    folder = tmp_path_factory.mktemp("swept")
    assert main([*SWEEP, "-o", str(folder / "out.png")]) == 0
    return folder


@pytest.fixture
def copied(swept, tmp_path):
    return Path(shutil.copytree(swept, tmp_path / "copied", copy_function=shutil.copy2))


@pytest.fixture
def unloadable(monkeypatch):
    """A model that says so when it is loaded."""

    def loaded(model):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(Model, "pipe", property(loaded))


def test_a_sweep_of_seeds_makes_every_picture_and_a_sheet(swept):
    made = {f"out-{scale}-seed{seed}" for scale in SCALES for seed in (0, 1)}
    assert {path.name for path in swept.iterdir()} == {
        f"{name}{end}" for name in made | {"out"} for end in (".png", ".json")
    }
    assert len({pixels(swept / f"{name}.png") for name in made}) == 8


def test_each_picture_stands_in_its_place_on_the_sheet(swept):
    with Image.open(swept / "out.png") as sheet:
        page = sheet.convert("RGB")
    left, head = page.width - 16 - 4 * 166, page.height - 32 - 14 - 2 * 166
    for row in (0, 1):
        for column, scale in enumerate(SCALES):
            with Image.open(swept / f"out-{scale}-seed{row}.png") as picture:
                wanted = picture.convert("RGB").resize((160, 160), Image.Resampling.LANCZOS)
            box = (left + column * 166, head + row * 166)
            assert page.crop((*box, box[0] + 160, box[1] + 160)).tobytes() == wanted.tobytes()


def test_a_picture_says_how_it_was_made(swept):
    call = json.loads(Path(MODEL, "call.json").read_text())
    record = chunk(swept / "out-scale9-seed1.png")
    assert record == json.loads((swept / "out-scale9-seed1.json").read_text())
    assert record == {
        "prompt": "a bicycle",
        "negative": "wheels",
        "method": "vsf",
        "settings": {"scale": 9.0, "offset": 0.0, "leak": False, "padding": "none"},
        "seed": 1,
        "call": call,
        "model": MODEL,
        "revision": find_model(MODEL, device="cpu").revision,
        "dtype": "float32",
        "device": "cpu",
        "versions": {
            "negjudge": negjudge.__version__,
            "torch": torch.__version__.split("+")[0],
            "diffusers": diffusers.__version__,
            "transformers": transformers.__version__,
        },
        "rendered": {**call, "guidance_scale": 0.0, "width": 64, "height": 64},
    }
    plain = chunk(swept / "out-none-seed1.png")
    assert (plain["method"], plain["settings"], plain["negative"]) == ("none", {}, "")


def test_the_sheet_lists_its_pictures(swept):
    record = chunk(swept / "out.png")
    assert record == json.loads((swept / "out.json").read_text())
    assert [each["file"] for each in record["pictures"]] == [
        f"out-{scale}-seed{seed}.png" for seed in (0, 1) for scale in SCALES
    ]
    last = chunk(swept / "out-scale18-seed1.png")
    assert record["pictures"][-1] == {
        "file": "out-scale18-seed1.png",
        **{name: last[name] for name in ("method", "settings", "seed")},
    }
    assert all(record[name] == last[name] for name in ("prompt", "negative", "call", "versions"))


def test_method_none_records_no_negative(swept, tmp_path):
    assert main([*WORDS, "--method", "none", "-o", str(tmp_path / "x.png")]) == 0
    assert (tmp_path / "x.png").read_bytes() == (swept / "out-none-seed0.png").read_bytes()


def test_nothing_tells_of_this_machines_folders(swept):
    for path in swept.iterdir():
        assert str(Path.cwd()).encode() not in path.read_bytes()
        assert str(swept).encode() not in path.read_bytes()


def test_a_picture_among_several_is_the_picture_alone(swept, tmp_path, capsys):
    words = [*WORDS, "--scale", "9", "--seed", "1", "-o", str(tmp_path / "alone.png")]
    assert main(words) == 0
    assert pixels(tmp_path / "alone.png") == pixels(swept / "out-scale9-seed1.png")
    printed = capsys.readouterr()
    assert "seed 1\n" in printed.out
    assert "4/4 [" in printed.err  # the pipeline's steps
    assert main(words) == 0
    assert capsys.readouterr().out.endswith("seed 1 (it was there)\n")


def test_the_same_again_writes_and_loads_nothing(copied, unloadable, capsys):
    before = times(copied)
    assert main([*SWEEP, "-o", str(copied / "out.png")]) == 0
    assert "8 pictures (0 new)" in capsys.readouterr().out
    assert times(copied) == before


def test_only_what_is_missing_or_differs_is_made(copied, capsys):
    before = times(copied)
    (copied / "out-scale9-seed0.png").unlink()
    (copied / "out-scale0-seed1.json").unlink()
    shutil.copy(copied / "out-none-seed0.png", copied / "out-none-seed1.png")
    assert main([*SWEEP, "-o", str(copied / "out.png")]) == 0
    assert "8 pictures (2 new)" in capsys.readouterr().out
    changed = {name for name, time in times(copied).items() if time != before[name]}
    assert changed - {"out-scale9-seed0.json", "out-none-seed1.json"} == {
        "out-scale9-seed0.png",
        "out-none-seed1.png",
        "out-scale0-seed1.json",
    }


def test_an_interrupted_run_keeps_what_it_made(tmp_path, monkeypatch, capsys):
    make, calls = generate_pictures.make_picture, []

    def interrupted(*arguments, **others):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return make(*arguments, **others)

    words = [*WORDS, "--scale", "6", "--seeds", "5,1,9", "-o", f"{tmp_path}/new/"]
    with monkeypatch.context() as patched:
        patched.setattr(generate_pictures, "make_picture", interrupted)
        assert main(words) == 130
    before = times(tmp_path / "new")
    assert set(before) == {"seed5.png", "seed5.json", "seed1.png", "seed1.json"}
    assert main(words) == 0
    printed = capsys.readouterr()
    assert "sheet.png: 'a bicycle' without 'wheels', 3 pictures (1 new)" in printed.out
    assert "3 of 3" in printed.err
    assert "4/4 [" not in printed.err
    after = times(tmp_path / "new")
    assert set(after) == {*before, "seed9.png", "seed9.json", "sheet.png", "sheet.json"}
    assert {name: after[name] for name in before} == before


def test_two_sweeps_with_the_calls_own_arguments(tmp_path):
    sweeps = ["--sweep", "phi=1,4", "--sweep", "padding=none,full"]
    sizes = ["--width", "64", "--height", "32", "--steps", "2", "--call", "max_sequence_length=8"]
    assert main([*WORDS, "--method", "nag", *sweeps, *sizes, "--seed", "3", "-o", f"{tmp_path}/"]) == 0
    names = [f"phi{phi}-padding{padding}-seed3" for padding in ("none", "full") for phi in (1, 4)]
    assert {path.stem for path in tmp_path.glob("*.png")} == {"none-seed3", "sheet", *names}
    assert len({pixels(tmp_path / f"{name}.png") for name in names}) == 4
    rendered = chunk(tmp_path / f"{names[3]}.png")["rendered"]
    assert (rendered["num_inference_steps"], rendered["max_sequence_length"]) == (2, 8)
    with Image.open(tmp_path / f"{names[3]}.png") as picture:
        assert picture.size == (64, 32)
        wanted = picture.convert("RGB").resize((160, 80), Image.Resampling.LANCZOS)
    with Image.open(tmp_path / "sheet.png") as sheet:
        place = (sheet.width - 16 - 166, 104 + 86)  # below two lines of title and the headings
        assert sheet.crop((*place, place[0] + 160, place[1] + 80)).tobytes() == wanted.tobytes()


# ---- --from


def repeat(source, output, *more):
    return main(["generate", "--from", str(source), "-o", str(output), *more])


def edited(path, output, **changes):
    """Write a copy of a picture whose record is another."""
    info = PngInfo()
    info.add_text(KEY, json.dumps({**chunk(path), **changes}))
    with Image.open(path) as image:
        image.save(output, pnginfo=info)
    return output


def test_a_picture_is_repeated_from_itself(swept, tmp_path, capsys):
    source, again = swept / "out-scale9-seed1.png", tmp_path / "again.png"
    assert repeat(source, again) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{again}: identical to {source}, pixel for pixel\n"
    assert "warning" not in printed.err
    assert again.read_bytes() == source.read_bytes()
    assert again.with_suffix(".json").read_bytes() == source.with_suffix(".json").read_bytes()


def test_what_differs_from_the_record_is_said(swept, tmp_path, capsys):
    source = swept / "out-none-seed0.png"
    shutil.copytree(MODEL, tmp_path / "moved")
    absent = "mps" if torch.cuda.is_available() else "cuda"
    versions = {**chunk(source)["versions"], "torch": "1.0"}
    moved = edited(
        source,
        tmp_path / "x.png",
        model="gone/from/here",
        revision="sha256-0",
        device=absent,
        versions=versions,
    )
    assert "the model folder gone/from/here is not here; say with --model" in error_of(
        capsys, ["generate", "--from", str(moved), "-o", str(tmp_path / "again.png")]
    )
    assert repeat(moved, tmp_path / "again.png", "--model", str(tmp_path / "moved")) == 0
    printed = capsys.readouterr()
    (warning,) = [line for line in printed.err.splitlines() if line.startswith("warning: ")]
    revision, here = chunk(source)["revision"], torch.__version__.split("+")[0]
    assert warning == (
        f"warning: {moved} was made with torch 1.0 (here {here}), revision sha256-0 (here {revision}), "
        f"device {absent} (here {find_model(MODEL).device})"
    )
    assert "identical to" in printed.out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda image: image.putpixel((3, 3), (0, 0, 0)), "pixels differ by up to "),
        (lambda image: image.crop((0, 0, 32, 16)), "64 by 64 pixels, not 32 by 16"),
    ],
)
def test_another_picture_is_not_called_identical(swept, tmp_path, capsys, change, said):
    source = swept / "out-none-seed0.png"
    info = PngInfo()
    info.add_text(KEY, json.dumps(chunk(source)))
    with Image.open(source) as image:
        (change(image) or image).save(tmp_path / "x.png", pnginfo=info)
    assert repeat(tmp_path / "x.png", tmp_path / "again.png") == 0
    printed = capsys.readouterr().out
    assert f"not identical to {tmp_path / 'x.png'}: {said}" in printed


# ---- bad input


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
