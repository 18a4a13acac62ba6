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
# Tests of the repository, not of one module.
OF_THE_WHOLE = {
    "test_copies.py",
    "test_docs.py",
    "test_fingerprints.py",
    "test_import.py",
    "test_makefile.py",
    "test_tree.py",
}
# One module's promise, held for many.
OF_MANY = {
    "guidance/families/test_encoding.py",
    "guidance/families/test_every_family.py",
    "guidance/families/test_manners.py",
    "guidance/families/test_siblings.py",
    "guidance/families/test_tiny_pipelines.py",
    "guidance/test_sixth_method.py",
}
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


def test_each_test_file_lies_where_its_module_does():
    """tests/PACKAGE/test_MODULE.py, or test_MODULE_PART.py where a module's tests are more than a file's."""
    places = [path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")]
    apart = {str(place) for place in places if not any(module.exists() for module in modules_of(place))}
    assert apart - OF_THE_WHOLE - OF_MANY == set()


def modules_of(place: Path) -> list[Path]:
    """What a test file may be of: a module of the library, of a folder beside it, or a stage's recipes."""
    words = place.stem.split("_")[1:]
    names = ["_".join(words[:number]) + ".py" for number in range(1, len(words) + 1)]
    if place.parts[0] == "stages":
        return [ROOT.joinpath(*place.parts[1:-1], name) for name in [*names, *words[:1]]]
    return [root / place.parent / name for root in (ROOT / "src/negjudge", ROOT) for name in names]
