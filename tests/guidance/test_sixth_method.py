"""A method is one class: a copy of the library with one more, and its kernel, has it everywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIXTH = ROOT / "tests/support/sixth"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What that library does with its sixth method; the class is listed, and nothing else is changed."""
    folder = tmp_path_factory.mktemp("sixth")
    ignored = shutil.ignore_patterns("__pycache__")
    guidance = Path(shutil.copytree(ROOT / "src/negjudge", folder / "negjudge", ignore=ignored)) / "guidance"
    shutil.copy(SIXTH / "method.py", guidance / "blend.py")
    shutil.copy(SIXTH / "kernel.py", guidance / "kernels/blend.py")
    text = (guidance / "methods.py").read_text()
    for before, after in (
        ("\nif TYPE_CHECKING:", "from negjudge.guidance.blend import Blend\n\nif TYPE_CHECKING:"),
        ("NAG, NASA)}", "NAG, NASA, Blend)}"),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    (guidance / "methods.py").write_text(text)
    path = os.pathsep.join(map(str, (folder, ROOT, ROOT / "tests/support")))
    out = subprocess.check_output(
        [sys.executable, str(SIXTH / "uses.py"), str(folder)],
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
    )
    found = json.loads(out)
    assert Path(found["library"]).is_relative_to(folder)
    return found


def test_it_is_listed_and_built_from_its_name(found):
    assert found["methods"] == ["none", "cfg", "vsf", "nag", "nasa", "blend"]
    assert found["recipe"] == found["methods"]
    assert found["evaluations"] == [1, 1]
    assert found["built"] == "Blend(share=1.0, way='towards', padding='none', stop=0.5)"
    assert found["refused"] == [
        "Blend's share is 2, expected from 0 to 1",
        "Blend's way is 'up', expected one of towards, away",
    ]


def test_it_guides_a_pipeline(found):
    assert found["pipeline"]["0.0"] < 1e-5
    assert found["pipeline"]["0.5"] > 1e-3


def test_the_command_line_offers_it(found):
    assert "{none,cfg,vsf,nag,nasa,blend}" in found["help"]
    assert "of blend (0.5)" in found["help"]
    assert "of vsf (none), nag (full), nasa (full), blend (none)" in " ".join(found["help"].split())


def test_sheets_name_it(found):
    assert [name for name, _ in found["sheet"]] == ["no guidance", "CFG", "VSF", "NAG", "NASA", "Blended"]
    assert found["sheet"][-1] == ["Blended", "share 0.5"]


def test_the_report_names_it_and_draws_it_apart(found):
    titles = ["no guidance", "CFG", "VSF", "NAG", "NASA", "Blended"]
    assert found["cells"] == titles
    assert found["legend"] == titles
    assert len({tuple(style) for style in found["styles"]}) == len(titles)
