"""`negjudge generate` on the mini lab's model, and what the pictures that it makes hold."""

from __future__ import annotations

import json

from PIL import Image

from negjudge.cli.main import main
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
