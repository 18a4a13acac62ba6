"""`negjudge generate --from`: the same picture again, and what differs said."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from generated import MODEL, chunk, error_of
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from negjudge.cli.main import main
from negjudge.generation.pipelines import find_model
from negjudge.generation.sweeps.provenance import KEY


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
