"""The Makefile runs what it says, from a fresh clone too, and never what is done already."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STAGES = {"generate": "generate", "label": "labeling", "train": "train", "eval": "eval"}
PUBLIC = {"install", *STAGES, "report", "tune", "contest", "test", "check", "bench", "card", "clean", "help"}


def make(*words, folder=ROOT):
    # Without what the make that runs these tests hands down, such as its ARGS.
    inherited = {"PATH", "HOME", "LANG", "TMPDIR"}
    environment = {name: value for name, value in os.environ.items() if name in inherited}
    return subprocess.run(
        ["make", *words], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture
def clone(tmp_path):
    """What a fresh clone has of what the Makefile looks at: no environments."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "constraints-labelstudio.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "src/negjudge").mkdir(parents=True)
    shutil.copy(ROOT / "src/negjudge/preflight.py", tmp_path / "src/negjudge")
    return tmp_path


@pytest.fixture
def installed(clone):
    """The same with environments that look finished."""
    for folder in (".venv/bin", ".venv-labelstudio"):
        (clone / folder).mkdir(parents=True)
    (clone / ".venv/bin/uv").touch()
    for folder in (".venv", ".venv-labelstudio"):
        (clone / folder / "installed").touch()
    return clone


def commands(*words, folder):
    ended = make("-n", *words, folder=folder)
    assert ended.returncode == 0, ended.stderr
    return [line.strip() for line in ended.stdout.splitlines() if not line.startswith("make")]


def test_help_lists_every_target():
    printed = make("help").stdout
    assert set(re.findall(r"^  make (\w+) +\w", printed, re.MULTILINE)) == PUBLIC
    assert make().stdout == printed


@pytest.mark.parametrize("target", sorted(PUBLIC))
def test_a_folder_of_the_same_name_does_not_stand_for_the_target(installed, target):
    (installed / target).mkdir()
    assert "up to date" not in make("-n", target, folder=installed).stdout


def test_the_main_job_in_order_and_nothing_else(installed):
    for flags in ([], ["-j8"]):
        assert commands(*flags, "generate", "label", "train", folder=installed) == [
            ".venv/bin/python -m generate.run --config generate/recipes/mini.yaml",
            ".venv/bin/python -m labeling.run --config labeling/recipes/mini.yaml",
            ".venv/bin/python -m train.run --config train/recipes/mini.yaml",
        ]


def test_stages_do_not_overlap_under_j(installed):
    """With a Python that takes a while and notes when it starts and ends."""
    python = installed / ".venv/bin/python"
    python.write_text('#!/bin/sh\necho "start $2" >> log; sleep 0.2; echo "end $2" >> log\n')
    python.chmod(0o755)
    assert make("-j8", "generate", "label", "train", folder=installed).returncode == 0
    modules = ["generate.run", "labeling.run", "train.run"]
    assert (installed / "log").read_text().splitlines() == [
        f"{what} {module}" for module in modules for what in ("start", "end")
    ]


def test_a_failing_stage_stops_the_job(installed):
    python = installed / ".venv/bin/python"
    python.write_text('#!/bin/sh\necho "$2" >> log; [ "$2" != labeling.run ] || exit 2\n')
    python.chmod(0o755)
    assert make("generate", "label", "train", folder=installed).returncode == 2
    assert (installed / "log").read_text().split() == ["generate.run", "labeling.run"]


@pytest.mark.parametrize("stage", STAGES)
def test_profile_and_recipe(installed, stage):
    folder = STAGES[stage]
    assert f"--config {folder}/recipes/paper.yaml" in commands(stage, "PROFILE=paper", folder=installed)[0]
    swapped = commands(stage, "PROFILE=paper", f"{stage.upper()}=other", folder=installed)[0]
    assert f"--config {folder}/recipes/other.yaml" in swapped
    moved = commands(stage, "RUN=runs/mine", "ARGS=--seeds 2", folder=installed)[0]
    assert moved.endswith(f"{folder}/recipes/mini.yaml --run runs/mine --seeds 2")


def test_people_have_a_recipe_of_their_own(installed):
    def recipe(*words):
        return re.search(r"labeling/recipes/(\S+)\.yaml", commands("label", *words, folder=installed)[0])[1]

    (installed / "labeling/recipes").mkdir(parents=True)
    (installed / "labeling/recipes/mini-people.yaml").touch()
    assert recipe("ANNOTATORS=people") == "mini-people"
    assert recipe("ANNOTATORS=people", "PROFILE=paper") == "paper"  # whose annotators are people
    assert recipe("ANNOTATORS=people", "LABEL=ours") == "ours"


def test_annotators_of_another_kind_are_one_line(installed):
    failed = make("label", "ANNOTATORS=robots", folder=installed)
    assert failed.returncode == 2
    assert 'ANNOTATORS is "robots", expected simulated or people' in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    assert not failed.stdout


def test_a_fresh_clone_installs_once_and_label_studio_for_labelling_alone(clone):
    fresh = "\n".join(commands("generate", "train", folder=clone))
    assert fresh.count("uv pip install") == 1
    assert "--constraint constraints.txt" in fresh
    assert "venv-labelstudio" not in fresh
    assert "--torch-backend" not in fresh
    assert "--constraint constraints-labelstudio.txt label-studio==" in "\n".join(
        commands("label", folder=clone)
    )
    assert "--torch-backend cpu" in "\n".join(commands("install", "TORCH_BACKEND=cpu", folder=clone))


def test_changed_requirements_install_again(installed):
    assert not [line for line in commands("train", folder=installed) if "uv pip" in line]
    later = (installed / ".venv/installed").stat().st_mtime + 10
    os.utime(installed / "pyproject.toml", (later, later))
    assert [line for line in commands("train", folder=installed) if "uv pip" in line]


def test_no_python_or_no_room_is_one_line(clone):
    ended = make("install", "PYTHON=python9", folder=clone)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: no python9 here; install Python 3.11 to 3.13, or set PYTHON=")
    ended = make("install", "INSTALL_GB=1000000", folder=clone)
    assert ended.returncode == 2
    assert re.match(r"error: .* GB free on the disk of .* needed; free some room\n", ended.stderr)
    assert not (clone / ".venv").exists()


def test_clean_keeps_runs_and_environments(installed):
    caches = (".pytest_cache", "src/negjudge/__pycache__")
    for folder in ("runs/mini", "build/minilab", ".venv/__pycache__", *caches):
        (installed / folder).mkdir(parents=True)
    assert make("clean", folder=installed).returncode == 0
    kept = [
        path
        for path in ("runs/mini", "build/minilab", ".venv/__pycache__", ".venv-labelstudio")
        if (installed / path).exists()
    ]
    assert len(kept) == 4
    assert not any((installed / folder).exists() for folder in caches)


@pytest.mark.parametrize("profile", ["mini", "paper"])
def test_every_recipe_of_a_profile_is_there(profile):
    files = [ROOT / folder / "recipes" / f"{profile}.yaml" for folder in STAGES.values()]
    tuning, contest = (f"generate/recipes/{profile}-tune.yaml", f"eval/recipes/contest/{profile}.yaml")
    assert all(file.is_file() for file in (*files, ROOT / tuning, ROOT / contest))
