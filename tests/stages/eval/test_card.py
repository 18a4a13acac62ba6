"""`python -m eval.card` with a contest's recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.card import main


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def test_a_contest_need_not_have_a_judge_of_its_own(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "eval/recipes/contest/mini.yaml", "--run", str(run)]) == 0
    said = capsys.readouterr()
    assert said.out == f"no model card: {run} holds a contest and no judge of its own\n"
    assert said.err == ""
    assert not list(run.iterdir())
