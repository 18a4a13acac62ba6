"""A submission says what its run's evaluation printed, and nothing is made of less than the test pairs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import synthetic
from submitted import DEV, TEST, claims_of, rows_of

from negjudge.cli.main import main
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.recipes import load_recipe
from negjudge.submission.check import check_submission


def test_figures_are_those_of_the_evaluation(made: tuple[Path, Path]) -> None:
    metrics, claims = json.loads((made[0] / "metrics.json").read_text()), claims_of(made[1])
    assert len(claims["figures"]) == 12
    for figure in claims["figures"]:
        (row,) = [r for r in metrics["methods"][figure["source"]] if r["method"] == figure["method"]]
        assert {name: row[name] for name in figure if name != "source"} == {
            name: value for name, value in figure.items() if name != "source"
        }
    (gap,) = [
        g for g in claims["differences"]
        if (g["source"], g["measure"], g["first"], g["second"]) == ("oracle", "success", "vsf", "none")
    ]  # fmt: skip
    assert gap["low"] == metrics["finding"]["comparison"]["difference"]["low"]


def test_it_says_how_everything_came_about(made: tuple[Path, Path]) -> None:
    claims, rows = claims_of(made[1]), rows_of(made[1])
    vsf = next(method for method in claims["methods"] if method["method"] == "vsf")
    assert (vsf["settings"], vsf["model"], vsf["steps"], vsf["evaluations"]) == (
        {"scale": 1.5},
        "synthetic",
        8,
        8,
    )
    assert vsf["search"] == {"sampler": "TPE", "trials": 4, "evaluations": 512, "dev_pairs": list(DEV)}
    assert claims["equal_budgets"] is True
    assert {w["source"]: len(w["fingerprint"]) for w in claims["witnesses"]} == {
        "oracle": 0, "labels": 0, "tuned": 8, "base": 8,
    }  # fmt: skip
    assert len(rows) == 4 * 3 * len(TEST)
    assert {row["pair"] for row in rows} == set(TEST)


def test_who_saw_some_pictures_only_is_left_out_and_said_so(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = shutil.copytree(made[0], tmp_path / "run")
    lines = (run / "labels.jsonl").read_text().splitlines(keepends=True)
    (run / "labels.jsonl").write_text("".join(lines[: len(lines) // 2]))
    config = ["--config", str(made[1].parent / "recipe.yaml"), "--run", str(run)]
    evaluate(load_recipe(EvalRecipe, config), run)
    assert main(["submission", "make", *config, "-o", str(tmp_path / "sub")]) == 0
    assert "left out, the annotators' labels: not of equally many" in capsys.readouterr().out
    assert {row["source"] for row in rows_of(tmp_path / "sub")} == {"oracle", "tuned", "base"}
    assert {witness["source"] for witness in claims_of(tmp_path / "sub")["witnesses"]} == {
        "oracle", "tuned", "base",
    }  # fmt: skip
    assert check_submission(tmp_path / "sub").faults == []


def test_nothing_is_made_of_less_than_the_test_pairs(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    config = ["--config", str(made[1].parent / "recipe.yaml")]
    assert main(["submission", "make", *config, "-o", str(tmp_path / "mine")]) == 2
    assert "is there and no submission" in capsys.readouterr().err
    assert main(["submission", "make", *config, "--methods", "vsf,gpt", "-o", str(tmp_path / "sub")]) == 2
    assert "no measured pictures by 'gpt'" in capsys.readouterr().err
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    lines = (run / "samples.jsonl").read_text().splitlines(keepends=True)
    (run / "samples.jsonl").write_text("".join(line for line in lines if f'"{TEST[0]}"' not in line))
    recipe = synthetic.recipe_for(run, base=None, draws=100)
    evaluate(recipe, run)
    assert main(["submission", "make", *config, "--run", str(run), "-o", str(tmp_path / "sub")]) == 2
    said = capsys.readouterr()
    assert f"lacks 1 test pairs: {TEST[0]}" in said.out
    assert "nothing written" in said.err
    assert not (tmp_path / "sub").exists()
