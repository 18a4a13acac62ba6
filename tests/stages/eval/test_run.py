"""The eval stage as a person runs it: recipe in, figures, report and card out, one line where it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import synthetic

from eval.card import main as card
from eval.report import main as report
from eval.run import main as run_eval


def test_from_recipe_to_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = synthetic.make_run(tmp_path)
    flags = ["--config", "eval/recipes/mini.yaml", "--run", str(run), "--base", str(tmp_path / "base")]
    flags += ["--reader", "synthetic:read_files", "--control_pictures", "80", "--draws", "40"]
    assert run_eval(flags) == 0
    assert "methods by the oracle" in capsys.readouterr().out
    assert report(flags) == 0
    page = run / "report" / "index.html"
    assert str(page) in capsys.readouterr().out
    assert "Mini lab" in page.read_text()


@pytest.mark.parametrize("main", [run_eval, report, card])
def test_an_empty_run_ends_in_one_line(main: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "eval/recipes/mini.yaml", "--run", str(tmp_path)]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("error: ")
    assert "run `make" in said
    assert "\n" not in said


def test_a_wrong_key_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_eval(["--config", "eval/recipes/mini.yaml", "--bootstraps", "3"]) == 2
    assert "bootstraps" in capsys.readouterr().err


def test_a_judge_of_the_recipe_that_cannot_be_asked_is_told_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = synthetic.make_run(tmp_path, control=False)
    flags = ["--config", "eval/recipes/mini.yaml", "--run", str(run), "--base", str(tmp_path / "base")]
    flags += ["--reader", "synthetic:read_files", "--control_pictures", "0", "--draws", "40"]
    assert run_eval([*flags, "--judges.lost.source", "runs/nowhere/judge"]) == 2
    said = capsys.readouterr()
    assert "methods by the oracle" in said.out
    last = said.err.splitlines()[-1]
    assert last == "error: the judge lost was left out: there is no folder runs/nowhere/judge"
