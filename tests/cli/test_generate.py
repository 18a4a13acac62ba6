"""`negjudge generate` on the mini lab's model: seeds, sweeps, and what pictures say of themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import diffusers
import pytest
import torch
import transformers
from generated import MODEL, SCALES, SWEEP, WORDS, chunk, pixels, times
from PIL import Image

import negjudge
from negjudge.cli.main import main
from negjudge.generation.pipelines import find_model
from negjudge.generation.sweeps import make as generate_pictures


@pytest.fixture
def copied(swept, tmp_path):
    return Path(shutil.copytree(swept, tmp_path / "copied", copy_function=shutil.copy2))


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
