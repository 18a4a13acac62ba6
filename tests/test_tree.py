"""What the repository may not hold: registries' addresses, paths of one machine, large files."""

import ast
import itertools
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import negjudge

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [path.relative_to(ROOT) for path in sorted((ROOT / "src/negjudge").rglob("*.py"))]
# In halves, or this file would name them.
REGISTRIES = ["pypi." + "org", "python" + "hosted", "npm" + "js", "debian." + "org", "index" + "-url ="]
MACHINE_PATH = re.compile(rb"(?<![\w.~>/-])/(?:work|root|home|tmp|Users|mnt|opt)/\w")


def tracked() -> list[Path]:
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def texts():
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            yield path, content


def test_no_registry_is_named():
    found = [str(path) for path, text in texts() for name in REGISTRIES if name.encode() in text]
    assert found == []


def test_no_path_of_one_machine():
    found = [f"{path}: {match[0]}" for path, text in texts() for match in MACHINE_PATH.finditer(text)]
    assert [line for line in found if not line.startswith(__file__)] == []


def test_files_are_small():
    sizes = {path: path.stat().st_size for path in tracked()}
    assert {str(path): size for path, size in sizes.items() if size > 20e6} == {}
    assert sum(size for path, size in sizes.items() if path.is_relative_to(ROOT / "data/mini")) < 40e6


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_module_says_its_reason_and_is_one_file_long(path):
    text = (ROOT / path).read_text()
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"


def test_pins_are_plain_and_hold_what_the_package_asks_for():
    lines, server = ((ROOT / f"constraints{of}.txt").read_text().splitlines() for of in ("", "-labelstudio"))
    assert all(re.match(r"[a-z0-9][\w.-]*==[\w.+!-]+( ; .+)?$", line) for line in [*lines, *server])
    assert (
        f"LABELSTUDIO    = {next(line for line in server if line.startswith('label-studio=='))}"
        in (ROOT / "Makefile").read_text()
    )
    assert {"torch==2.14.1", "torchvision==0.29.2"} <= set(lines)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    names = {re.match(r"[\w-]+", line)[0].lower() for line in asked} - {"negjudge"}
    assert names <= {line.split("==")[0] for line in lines}


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == negjudge.__version__
    assert citation["license"] == "Apache-2.0"


def test_no_init_in_tests_and_one_in_each_stage():
    assert not list((ROOT / "tests").rglob("__init__.py"))
    stages = ("generate", "labeling", "train", "eval", "studies")
    assert all((ROOT / stage / "__init__.py").is_file() for stage in stages)
