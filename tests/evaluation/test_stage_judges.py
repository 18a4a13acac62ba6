"""Further judges in an evaluation: in every table, kept, or left out with a line that says why."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic

from negjudge.data.records import Verdict, read_records
from negjudge.evaluation.recipe import JudgeRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import summary

MINI = "data/mini/judge-base"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.make_run(tmp_path_factory.mktemp("chosen"), control=False)


def verdicts_of(run: Path, role: str) -> list[Verdict]:
    return [v for v in read_records(run / "verdicts.jsonl", Verdict) if str(v.judge).startswith(f"{role}@")]


def test_further_judges_are_in_every_table_and_a_missing_one_is_left_out(run: Path) -> None:
    before = (run / "verdicts.jsonl").read_bytes()
    judges = {
        "tiny": JudgeRecipe(source=MINI),
        "lost": JudgeRecipe(source="runs/nowhere/judge"),
        "scored": JudgeRecipe(kind="vqascore", source="runs/nowhere/base"),
    }
    recipe = synthetic.recipe_for(run, judges=judges, device="cpu")
    metrics = evaluate(recipe, run)
    assert list(metrics.methods) == ["oracle", "labels", "tuned", "base", "tiny"]
    assert list(metrics.comparisons) == list(metrics.methods)
    assert {row.pictures for row in metrics.methods["tiny"]} == {synthetic.TESTED}
    # It was asked about the test pictures alone, which tells nothing of the strata.
    assert "tiny" not in {row.judge for row in metrics.judges}
    lines = list(summary(metrics))
    assert "left out, the judge lost: there is no folder runs/nowhere/judge" in lines
    assert "left out, the judge scored: there is no folder runs/nowhere/base" in lines
    assert "\nmethods by the judge tiny" in lines

    asked = verdicts_of(run, "tiny")
    assert len(asked) == 3 * synthetic.TESTED
    assert (run / "verdicts.jsonl").read_bytes().startswith(before)
    # Without it in the recipe nothing of it is shown, and nothing of it is lost.
    assert list(evaluate(synthetic.recipe_for(run), run).methods) == ["oracle", "labels", "tuned", "base"]
    assert verdicts_of(run, "tiny") == asked
    assert evaluate(recipe, run) == metrics


def test_a_further_judge_that_is_asked_everything_is_measured_as_the_runs_own(run: Path) -> None:
    recipe = synthetic.recipe_for(run, judges={"tiny": JudgeRecipe(source=MINI, asked="all")}, device="cpu")
    rows = [r for r in evaluate(recipe, run).judges if (r.topic, r.truth) == ("element", "oracle")]
    questions = {
        judge: [r.questions for r in rows if r.judge == judge and r.undecided < 1]
        for judge in ("tuned", "tiny")
    }
    assert questions["tiny"] == questions["tuned"]
    assert len(questions["tiny"]) == 5


def test_a_tuned_judge_of_another_run(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, control=False)
    (run / "judge").rename(tmp_path / "elsewhere")
    metrics = evaluate(synthetic.recipe_for(run), run)
    assert list(metrics.methods) == ["oracle", "labels"]
    assert metrics.left_out == {
        "tuned": f"there is no folder {run / 'judge'}",
        "base": "it is asked to compare the tuned judge with, which is missing",
    }
    # Its verdicts are known by its weights, wherever they lie.
    metrics = evaluate(synthetic.recipe_for(run, tuned=str(tmp_path / "elsewhere")), run)
    assert list(metrics.methods) == ["oracle", "labels", "tuned", "base"]
