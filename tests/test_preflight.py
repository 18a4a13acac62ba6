"""Machines that cannot run this are told so before anything is fetched."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from negjudge import preflight


@pytest.mark.parametrize(
    ("system", "machine", "macos"),
    [
        ("Linux", "x86_64", ""),
        ("Linux", "aarch64", ""),
        ("Darwin", "arm64", "14.5"),
        ("Darwin", "arm64", "26.0"),
    ],
)
def test_supported_platforms(system, machine, macos):
    assert preflight.platform_fault(system, machine, macos) is None


@pytest.mark.parametrize(
    ("system", "machine", "macos", "word"),
    [
        ("Windows", "AMD64", "", "WSL2"),
        ("MINGW64_NT-10.0", "x86_64", "", "WSL2"),
        ("Darwin", "x86_64", "14.0", "Intel"),
        ("Darwin", "arm64", "13.6", "macOS 13.6 is too old"),
        ("Linux", "riscv64", "", "not supported"),
        ("FreeBSD", "amd64", "", "not supported"),
    ],
)
def test_other_platforms_are_told(system, machine, macos, word):
    assert word in preflight.platform_fault(system, machine, macos)


def test_python_range_is_that_of_the_package():
    wanted = tomllib.loads(Path("pyproject.toml").read_text())["project"]["requires-python"]
    first, beyond = (tuple(map(int, v.split("."))) for v in re.findall(r"[\d.]+", wanted))
    assert (first, beyond) == (preflight.PYTHON_FIRST, preflight.PYTHON_BEYOND)
    assert preflight.python_fault((*first, 0)) is None
    assert "3.10 is not supported" in preflight.python_fault((3, 10, 4))
    assert preflight.python_fault(beyond) is not None


def test_disk(tmp_path):
    assert preflight.disk_fault(str(tmp_path), 0.0) is None
    assert "needed; free some room" in preflight.disk_fault(str(tmp_path), 1e9)


def test_run_by_path_it_says_one_line_a_fault_and_ends_with_2():
    script = Path(preflight.__file__)
    assert subprocess.run([sys.executable, "-I", script, "0"], check=False).returncode == 0
    ended = subprocess.run([sys.executable, "-I", script, "1e9"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert re.fullmatch(r"error: [^\n]*1e\+09 needed[^\n]*\n", ended.stderr)


def test_a_python_without_ensurepip_is_told_what_to_install(monkeypatch):
    # As Debian's python3 without its python3-venv package.
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))
    assert "no venv module" in preflight.venv_fault()
    assert f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in preflight.venv_fault()
    monkeypatch.undo()
    assert preflight.venv_fault() is None
