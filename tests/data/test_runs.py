"""Run folders: from the repository root alone, one writer a stage, room checked, pictures as recorded."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from negjudge.data.records import Sample
from negjudge.data.runs import (
    locked,
    picture_fault,
    read_picture,
    require_free_space,
    require_root,
    run_folder,
)
from negjudge.errors import NegjudgeError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder that looks like the repository's root."""
    for name in ("generate", "labeling", "train", "eval"):
        (tmp_path / name).mkdir()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_repository_is_a_root(monkeypatch):
    monkeypatch.chdir(ROOT)
    require_root()
    monkeypatch.chdir(ROOT / "src")
    with pytest.raises(
        NegjudgeError, match="is not the root of the negjudge repository; run this from there"
    ):
        require_root()


@pytest.mark.usefixtures("root")
def test_names_and_paths():
    assert run_folder("mini") == Path("runs/mini")
    assert run_folder("runs/mini") == Path("runs/mini")
    assert Path("runs/mini").is_dir()


def test_an_absolute_path_stays(root):
    assert run_folder(root / "elsewhere") == root / "elsewhere"


def test_a_file_in_the_way_is_named(root):
    (root / "runs").touch()
    with pytest.raises(NegjudgeError, match=r"^runs/mini is not a folder"):
        run_folder("mini")


def test_free_space(tmp_path):
    require_free_space(tmp_path, 0)
    with pytest.raises(NegjudgeError, match="MB needed"):
        require_free_space(tmp_path, 1e12)


OWN = ("cpu", "images/a.png", 'make it anew with `make generate ARGS="--repair true"`', "samples.jsonl")
BROUGHT = (
    "external",
    "external/images/a.png",
    "bring it in again with --images and --manifest",
    "external/samples.jsonl",
)


@pytest.mark.parametrize(("device", "image", "again", "records"), [OWN, BROUGHT])
def test_a_picture_is_the_recorded_one_or_a_fault(tmp_path, device, image, again, records):
    content, path = b"a picture", tmp_path / image
    sample = Sample(
        id="a", pair="p", object="o", element="e", prompt="", negative="", method="none", params={}, seed=0,
        image=image, sha256=hashlib.sha256(content).hexdigest(), model="m", revision="r", steps=1, width=8,
        height=8, device=device, dtype="float32",
    )  # fmt: skip
    missing = f"{path} is missing, though {tmp_path / records} records it; put it back, or {again}"
    assert str(picture_fault(tmp_path, sample)) == missing
    path.mkdir(parents=True)
    assert str(picture_fault(tmp_path, sample)) == missing
    path.rmdir()
    path.write_bytes(content)
    assert read_picture(tmp_path, sample) == content
    assert picture_fault(tmp_path, sample) is None
    path.write_bytes(content[:-1])
    with pytest.raises(NegjudgeError) as error:
        read_picture(tmp_path, sample)
    other = f"{path} is not the picture that was recorded (its SHA-256 differs)"
    assert str(error.value) == str(picture_fault(tmp_path, sample)) == f"{other}; put it back, or {again}"


HOLD = """
import signal, sys
from negjudge.data.runs import locked
with locked(sys.argv[1], sys.argv[2]):
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), "label"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path, holder):
    with (
        pytest.raises(NegjudgeError, match=rf"another label \(process {holder.pid}\)"),
        locked(tmp_path, "label"),
    ):
        pass
    with locked(tmp_path, "generate"):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with locked(tmp_path, "label"):
        pass


def test_the_lock_is_released_and_taken_again(tmp_path):
    for _ in range(2):
        with locked(tmp_path, "train"):
            assert (tmp_path / ".train.lock").read_text() == str(os.getpid())
