"""A submission says what its run's evaluation printed, and nothing is made of less than the test pairs."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from submitted import DEV, TEST, claims_of, rows_of

from negjudge.cli.main import main
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.recipes import load_recipe
from negjudge.submission.check import check_submission
from negjudge.submission.format import Benchmark, Entrant, Search
from negjudge.submission.make import benchmark_of, budgets_fault


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


SEARCH = Search("TPE", 4, 512, ("a", "b"))
NONE = Entrant("none", {}, "m", "0", 8, 8, None)
VSF, NAG = (Entrant(method, {}, "m", "0", 8, 8, SEARCH) for method in ("vsf", "nag"))
DIFFER = "the searches for vsf and nag differ in sampler, budget or pairs"


@pytest.mark.parametrize(
    ("entrants", "fault"),
    [
        ([NONE], None),
        ([NONE, VSF, NAG], None),
        ([VSF, replace(NAG, evaluations=16)], None),  # a picture's cost is the method's own
        ([VSF, replace(NAG, search=replace(SEARCH, dev_pairs=("b", "a")))], None),
        ([VSF, replace(NAG, search=replace(SEARCH, dev_pairs=("a",)))], DIFFER),
        ([VSF, replace(NAG, search=replace(SEARCH, trials=5))], DIFFER),
        ([VSF, replace(NAG, search=replace(SEARCH, sampler="grid"))], DIFFER),
        ([NONE, VSF, replace(NAG, search=None)], "no search is recorded for nag"),
        ([NONE, replace(VSF, steps=4)], "none and vsf take different numbers of steps"),
        ([replace(VSF, steps=None), NAG], "vsf and nag take different numbers of steps"),
    ],
)
def test_in_what_budgets_differ_is_said(entrants: list[Entrant], fault: str | None) -> None:
    assert budgets_fault(entrants) == fault


def test_a_benchmark_in_a_folder_is_hashed_in_the_order_of_its_files(tmp_path: Path) -> None:
    for name, content in {
        "test.jsonl": b"second",
        "dev.jsonl": b"first",
        "notes.md": b"of no matter",
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "splits.json").write_bytes(b"splits")
    pairs, splits = (hashlib.sha256(content).hexdigest() for content in (b"firstsecond", b"splits"))
    assert benchmark_of("b", tmp_path, tmp_path / "splits.json") == Benchmark("b", pairs, splits)
