"""Further judges by the recipe: asked, in the tables, kept, left out with a line that says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from negjudge.data.records import Verdict, read_records
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.evaluation.recipe import EvalRecipe, JudgeRecipe, Price
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import summary
from negjudge.recipes import load_recipe

MINI = "data/mini/judge-base"
TESTED = len(read_splits("data/mini/splits.json").methods["test"])


@pytest.fixture(scope="module")
def run(synthetic: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.make_run(tmp_path_factory.mktemp("chosen"), control=False)


def verdicts_of(run: Path, role: str) -> list[Verdict]:
    return [v for v in read_records(run / "verdicts.jsonl", Verdict) if str(v.judge).startswith(f"{role}@")]


def test_further_judges_are_in_every_table_and_a_missing_one_is_left_out(synthetic: Any, run: Path) -> None:
    before = (run / "verdicts.jsonl").read_bytes()
    judges = {
        "tiny": JudgeRecipe(source=MINI),
        "lost": JudgeRecipe(source="runs/nowhere/judge"),
        "scored": JudgeRecipe(kind="vqascore", source="runs/nowhere/base"),
    }
    recipe = synthetic.recipe_for(run, judges=judges, device="cpu")
    metrics = evaluate(recipe, run)
    assert list(metrics["methods"]) == ["oracle", "labels", "tuned", "base", "tiny"]
    assert list(metrics["comparisons"]) == list(metrics["methods"])
    assert {row["pictures"] for row in metrics["methods"]["tiny"]} == {TESTED}
    # It was asked about the test pictures alone, which tells nothing of the strata.
    assert "tiny" not in {row["judge"] for row in metrics["judges"]}
    lines = list(summary(metrics))
    assert "left out, the judge lost: there is no folder runs/nowhere/judge" in lines
    assert "left out, the judge scored: there is no folder runs/nowhere/base" in lines
    assert "\nmethods by the judge tiny" in lines

    asked = verdicts_of(run, "tiny")
    assert len(asked) == 3 * TESTED
    assert (run / "verdicts.jsonl").read_bytes().startswith(before)
    # Without it in the recipe nothing of it is shown, and nothing of it is lost.
    assert list(evaluate(synthetic.recipe_for(run), run)["methods"]) == ["oracle", "labels", "tuned", "base"]
    assert verdicts_of(run, "tiny") == asked
    assert evaluate(recipe, run) == metrics


def test_a_further_judge_that_is_asked_everything_is_measured_as_the_runs_own(
    synthetic: Any, run: Path
) -> None:
    recipe = synthetic.recipe_for(run, judges={"tiny": JudgeRecipe(source=MINI, asked="all")}, device="cpu")
    rows = [r for r in evaluate(recipe, run)["judges"] if (r["topic"], r["truth"]) == ("element", "oracle")]
    questions = {
        judge: [r["questions"] for r in rows if r["judge"] == judge and r["undecided"] < 1]
        for judge in ("tuned", "tiny")
    }
    assert questions["tiny"] == questions["tuned"]
    assert len(questions["tiny"]) == 5


def test_a_tuned_judge_of_another_run(synthetic: Any, tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, control=False)
    (run / "judge").rename(tmp_path / "elsewhere")
    metrics = evaluate(synthetic.recipe_for(run), run)
    assert list(metrics["methods"]) == ["oracle", "labels"]
    assert metrics["left_out"] == {
        "tuned": f"there is no folder {run / 'judge'}",
        "base": "it is asked to compare the tuned judge with, which is missing",
    }
    # Its verdicts are known by its weights, wherever they lie.
    metrics = evaluate(synthetic.recipe_for(run, tuned=str(tmp_path / "elsewhere")), run)
    assert list(metrics["methods"]) == ["oracle", "labels", "tuned", "base"]


def test_a_recipe_on_disk_gives_judges(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    judges = {
        "vqa score": {"kind": "vqascore", "source": "a/b", "device": "cpu"},
        "large": {
            "kind": "endpoint",
            "source": "large-1",
            "price": {"input": 2, "output": 8.5},
            "max_cost": 5,
            "parameters": {"temperature": None, "seed": 1},
        },
    }
    path.write_text(json.dumps({**REST, "judges": judges}))
    recipe = load_recipe(EvalRecipe, ["--config", str(path)], "eval")
    assert recipe.judges["vqa score"] == JudgeRecipe(kind="vqascore", source="a/b", device="cpu")
    large = recipe.judges["large"]
    assert (large.price, large.max_cost, large.concurrency) == (Price(input=2, output=8.5), 5, 4)
    assert large.parameters == {"temperature": None, "seed": 1}


REST = {"run": "r", "pairs": "p", "splits": "s", "note": "n", "card": {"licence": "mit"}}


@pytest.mark.parametrize(
    ("judges", "said"),
    [
        ({"base": {"source": "a/b"}}, "'judges.base': a name has letters"),
        ({"a/b": {"source": "a/b"}}, "'judges.a/b'"),
        ({"big": {"source": "a/b", "max_requests": 3}}, "'judges.big.max_requests': only a judge of kind"),
        (
            {"big": {"kind": "endpoint", "source": "m", "max_cost": 3}},
            "'judges.big.max_cost': give the price",
        ),
        ({"big": {"kind": "endpoint", "source": "m", "concurrency": 0}}, "'judges.big.concurrency'"),
        ({"big": {"kind": "endpoint"}}, "source"),
        ({"big": {"source": "a/b", "colour": "red"}}, "colour"),
        ({"big": {"kind": "oracle", "source": "a/b"}}, "vqascore"),
    ],
)
def test_what_is_wrong_with_a_judge_is_one_line(tmp_path: Path, judges: Any, said: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({**REST, "judges": judges}))
    with pytest.raises(NegjudgeError) as error:
        load_recipe(EvalRecipe, ["--config", str(path)], "eval")
    assert said in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
