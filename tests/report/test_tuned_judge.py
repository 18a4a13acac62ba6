"""The training that a page shows is that of the judge that was measured, or of none."""

from __future__ import annotations

from pathlib import Path

import synthetic
from markup import Page

from negjudge.evaluation.stage import evaluate
from negjudge.report.page import render


def test_the_training_shown_is_that_of_the_judge_that_was_measured(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path)
    other = (run / "judge").rename(tmp_path / "elsewhere")
    recipe = synthetic.recipe_for(run, tuned=str(other))
    metrics = evaluate(recipe, run)
    page = render(recipe, run, metrics)
    assert 'aria-label="training and validation loss by step"' in page
    assert "The judge’s training, as it was" in page
    (other / "curves.jsonl").rename(tmp_path / "curves.jsonl")
    assert f"Training curve: there is no {other}/curves.jsonl." in Page(render(recipe, run, metrics)).text
    (tmp_path / "curves.jsonl").rename(other / "curves.jsonl")
    (other / "judge.json").write_text((other / "judge.json").read_text() + "\n")
    page = render(recipe, run, metrics)
    assert f"{other} holds another judge by now than the one that was measured." in page
    assert "training and validation loss by step" not in page
    assert "The judge’s training, as it was" not in page
