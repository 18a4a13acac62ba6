"""`python -m generate.run` from the outside: killed, repeated, given bad input, out of disk."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from tiny.generator import recipe_values

from generate.run import main
from negjudge.data.records import Sample, read_records

MODULE = [sys.executable, "-m", "generate.run"]


@pytest.fixture
def recipe(model_folder, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe_values(tmp_path, model_folder)))
    return ["--config", str(path)]


@pytest.fixture(scope="module")
def whole(model_folder, tmp_path_factory):
    """A run that was made in one go."""
    folder = tmp_path_factory.mktemp("whole")
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe_values(folder, model_folder)))
    assert main(["--config", str(path)]) == 0
    return folder / "run"


@pytest.fixture
def run(whole, tmp_path):
    """A copy of it, where ``recipe`` looks for its run."""
    return shutil.copytree(whole, tmp_path / "run")


def stored(run: Path) -> dict[str, str]:
    samples = [
        *read_records(run / "samples.jsonl", Sample),
        *read_records(run / "control/samples.jsonl", Sample),
    ]
    assert len({sample.id for sample in samples}) == len(samples)
    return {sample.id: sample.sha256 for sample in samples}


def test_it_makes_everything_and_says_where_and_then_nothing(recipe, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(recipe) == 0
    said = capsys.readouterr().out
    assert f"55 pictures (55 new) in {run}/images" in said
    assert f"12 pictures (12 new) in {run}/control/images" in said
    assert f"7 sheets in {run}/sheets" in said  # three of them of attention, one a method
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.suffix in (".png", ".jsonl")}
    assert main(recipe) == 0
    assert "55 pictures (0 new)" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(stored(run)) == 67


def test_a_complete_run_needs_neither_torch_nor_diffusers(recipe, run):
    code = f"import sys; from generate.run import main; main({recipe!r}); print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.endswith("False\n")


def test_killed_and_started_again_it_makes_the_same_pictures(recipe, whole, tmp_path):
    run = tmp_path / "killed"
    process = subprocess.Popen([*MODULE, *recipe, "--run", str(run)], stderr=subprocess.DEVNULL)
    samples = run / "samples.jsonl"
    while not samples.exists() or samples.read_bytes().count(b"\n") < 10:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 10 <= samples.read_bytes().count(b"\n") < 55
    assert main([*recipe, "--run", str(run)]) == 0
    assert stored(run) == stored(whole)
    assert not [path for path in run.rglob(".*") if path.suffix == ".tmp"]


@pytest.fixture
def small_disk():
    """No file may pass 10 kB: the pictures fit, and after a few records samples.jsonl does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_ends_in_one_line_and_loses_nothing(recipe, whole, tmp_path, capsys, small_disk):
    run = tmp_path / "run"
    assert main(recipe) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert str(run / "samples.jsonl") in error
    assert (run / "samples.jsonl").read_bytes().endswith(b"}\n")
    assert 5 < len(stored(run)) < 55
    assert not [path for path in run.rglob(".*") if path.suffix == ".tmp"]
    small_disk()
    assert main(recipe) == 0
    assert stored(run) == stored(whole)


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--stepps", "3"], "'stepps'"),
        (["--steps", "many"], "'steps'"),
        (["--steps", "0"], "'steps' is 0"),
        (["--model", "data/no-such-model"], "data/no-such-model"),
        (["--settings", "data/no-such.yaml"], "data/no-such.yaml"),
        (["--splits", "data/no-such.json"], "data/no-such.json"),
        (["--pairs", "data/no-such.jsonl"], "data/no-such.jsonl"),
        (["--methods", "[none, vfs]"], "'vfs'"),
        (["--test.splits", "[methods/tests]"], "methods/tests"),
        (["--test.seed", "3"], "test.seed"),
    ],
)
def test_bad_input_ends_in_one_line(recipe, tmp_path, capsys, flags, fault):
    assert main([*recipe, *flags]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert fault in error
    assert not (tmp_path / "run/samples.jsonl").exists()


def test_a_call_that_the_pipeline_refuses_ends_in_its_words(recipe, tmp_path, capsys):
    assert main([*recipe, "--width", "63"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(
        "error: StableDiffusion3Pipeline refuses the call: `height` and `width` have to be"
    )
    assert not (tmp_path / "run/samples.jsonl").exists()


def test_a_damaged_picture_ends_in_one_line_and_repair_mends_it(recipe, run, capsys):
    before = stored(run)
    path = run / "images" / f"{next(iter(before))}.png"
    path.write_bytes(path.read_bytes()[:100])
    capsys.readouterr()
    assert main(recipe) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(path) in error
    assert main([*recipe, "--repair", "true"]) == 0
    assert stored(run) == before
    assert main(recipe) == 0
