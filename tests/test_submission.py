"""Submissions: what a run's gives is what its evaluation printed, and a spoiled one is told line by line."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from negjudge.cli.main import main
from negjudge.data.splits import read_splits
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.recipes import load_recipe
from negjudge.submission.check import check_submission

SPLITS = read_splits("data/mini/splits.json")
TEST, DEV = SPLITS.methods["test"], SPLITS.methods["dev"]
DIGEST = "0" * 64

Claims = dict[str, Any]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def made(synthetic: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An evaluated run's folder, and the submission that the command made of it."""
    folder = tmp_path_factory.mktemp("made")
    run = synthetic.make_run(folder, control=False)
    search = {"sampler": "TPE", "trials": 4, "denoiser_evaluations": 512, "pairs": list(DEV)}
    settings = {"vsf": {"scale": 1.5}, "nag": {"scale": 1.5}, "search": search}
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    recipe = {
        "run": str(run), "pairs": synthetic.PAIRS, "splits": synthetic.SPLITS, "draws": 100,
        "reader": f"{synthetic.__name__}:read_files", "base": str(folder / "base"), "control_pictures": 80,
        "settings": str(folder / "settings.yaml"), "note": synthetic.NOTE, "card": {"licence": "apache-2.0"},
    }  # fmt: skip
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    evaluate(load_recipe(EvalRecipe, ["--config", str(folder / "recipe.yaml")]), run)
    assert (
        main(["submission", "make", "--config", str(folder / "recipe.yaml"), "-o", str(folder / "sub")]) == 0
    )
    return run, folder / "sub"


@pytest.fixture
def copy(made: tuple[Path, Path], tmp_path: Path) -> Path:
    shutil.copytree(made[1], tmp_path / "sub")
    return tmp_path / "sub"


def claims_of(folder: Path) -> Claims:
    content: Claims = json.loads((folder / "submission.json").read_text())
    return content


def rows_of(folder: Path) -> Rows:
    return [json.loads(line) for line in (folder / "outcomes.jsonl").read_text().splitlines()]


def write(folder: Path, claims: Claims, rows: Rows) -> None:
    (folder / "submission.json").write_text(json.dumps(claims))
    (folder / "outcomes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


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


def test_a_whole_one_passes_as_json_lines_and_as_csv(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submission", "check", str(copy)]) == 0
    assert "is in order" in capsys.readouterr().out
    rows = rows_of(copy)
    with open(copy / "outcomes.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert "has both" in check_submission(copy).faults[0]
    (copy / "outcomes.jsonl").unlink()
    assert check_submission(copy).faults == []


def flip(claims: Claims, rows: Rows) -> None:
    row = next(
        row for row in rows if (row["source"], row["method"]) == ("oracle", "vsf") and not row["success"]
    )
    row.update(kept=True, removed=True, success=True)


def raise_claim(claims: Claims, rows: Rows) -> None:
    claims["figures"][1]["success"]["high"] += 0.0001


def lose(claims: Claims, rows: Rows) -> None:
    rows[:] = [row for row in rows if (row["pair"], row["method"]) != (TEST[3], "nag")]


def repeat(claims: Claims, rows: Rows) -> None:
    rows.append(rows[0])


def borrow(claims: Claims, rows: Rows) -> None:
    rows[5]["sha256"] = rows[0]["sha256"]


def train(claims: Claims, rows: Rows) -> None:
    rows.append({**rows[0], "pair": DEV[0], "sha256": DIGEST})


def unequal(claims: Claims, rows: Rows) -> None:
    claims["methods"][1]["search"]["trials"] = 40


def unsaid(claims: Claims, rows: Rows) -> None:
    claims.update(equal_budgets=False, budgets_note=" ")


def peek(claims: Claims, rows: Rows) -> None:
    for method in claims["methods"][1:]:
        method["search"]["dev_pairs"] = [*DEV, TEST[0]]


def contradict(claims: Claims, rows: Rows) -> None:
    row = next(row for row in rows if row["source"] == "labels" and not row["kept"] and not row["success"])
    row["success"] = True


def spill(claims: Claims, rows: Rows) -> None:
    next(row for row in rows if row["collateral"] is not None)["collateral"] = 2.0


def anonymous(claims: Claims, rows: Rows) -> None:
    next(w for w in claims["witnesses"] if w["source"] == "tuned")["fingerprint"] = ""


def other_pairs(claims: Claims, rows: Rows) -> None:
    claims["benchmark"]["pairs_sha256"] = DIGEST


def leave_out(claims: Claims, rows: Rows) -> None:
    claims["figures"].pop()


def invent(claims: Claims, rows: Rows) -> None:
    claims["differences"].append({**claims["differences"][0], "second": "cfg"})


def unlisted(claims: Claims, rows: Rows) -> None:
    claims["methods"].pop()


def bare(claims: Claims, rows: Rows) -> None:
    rows[0]["sha256"] = "x"


SPOILED: list[tuple[Callable[[Claims, Rows], None], str]] = [
    (flip, "figures: vsf by oracle: success is claimed as"),
    (raise_claim, "figures: vsf by oracle: success is claimed as"),
    (lose, f"outcomes: nag by oracle lacks 1 test pairs: {TEST[3]}"),
    (repeat, "2 times"),
    (borrow, "is the picture of"),
    (train, f"outcomes: dev pairs, on which settings were chosen: {DEV[0]}"),
    (unequal, "budgets: stated to be equal, but the searches for vsf and nag differ"),
    (unsaid, "budgets: stated to be unequal, and budgets_note does not say how"),
    (peek, f"methods: the setting of vsf was searched on test pairs: {TEST[0]}"),
    (contradict, "by labels: success is not kept and removed together"),
    (spill, "by oracle: collateral is 2, not from 0 to 1"),
    (anonymous, "witnesses: the judge tuned has no fingerprint"),
    (other_pairs, "benchmark: data/mini/pairs.jsonl has SHA-256"),
    (leave_out, "is not claimed, though the outcomes give it"),
    (invent, "less cfg by oracle is claimed, and the outcomes do not give it"),
    (unlisted, "methods: nag is in the outcomes alone"),
    (bare, "has no SHA-256 of its picture"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILED, ids=[spoil.__name__ for spoil, _ in SPOILED])
def test_a_spoiled_one_is_told(copy: Path, spoil: Callable[[Claims, Rows], None], said: str) -> None:
    claims, rows = claims_of(copy), rows_of(copy)
    spoil(claims, rows)
    write(copy, claims, rows)
    faults = check_submission(copy).faults
    assert [fault for fault in faults if said in fault]


def test_every_fault_is_a_line_and_the_code_is_2(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claims, rows = claims_of(copy), rows_of(copy)
    anonymous(claims, rows)
    unsaid(claims, rows)
    rows[0]["kept"] = "perhaps\n\x1b[31m"
    write(copy, claims, rows)
    with open(copy / "outcomes.jsonl", "a") as file:
        file.write("{torn\n")
    assert main(["submission", "check", str(copy)]) == 2
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert f"{copy}/outcomes.jsonl:1: field 'kept' is" in lines[0]
    assert f"{copy}/outcomes.jsonl:{len(rows) + 1}: not valid JSON" in lines[1]
    assert {line.split(":")[0] for line in lines[2:]} >= {"witnesses", "budgets", "figures"}
    assert "\x1b" not in said.out
    assert said.err == f"error: {copy} has {len(lines)} faults; see above\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is missing; `negjudge submission make` writes it"),
        ("{", "is not valid JSON"),
        ("[]", "is not of format 1"),
        ('{"format": 2}', "is not of format 1"),
        ('{"format": 1}', "field 'benchmark' of the Submission is missing"),
    ],
)
def test_claims_that_cannot_be_read(copy: Path, content: str | None, said: str) -> None:
    (copy / "submission.json").unlink()
    if content is not None:
        (copy / "submission.json").write_text(content)
    (fault,) = check_submission(copy).faults
    assert said in fault


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claim": 1}, "unknown field 'claim'"),
        ({"draws": "many"}, "field 'draws' is 'many', expected int"),
        ({"draws": 10**9}, "draws: 1000000000 bootstrap draws"),
        (
            {"benchmark": {"name": "../mini", "pairs_sha256": "", "splits_sha256": ""}},
            "is no name of a folder",
        ),
        ({"figures": [{"source": "oracle"}]}, "figures[0]: field 'method' of the Figures is missing"),
    ],
)
def test_claims_of_another_form(copy: Path, change: Claims, said: str) -> None:
    write(copy, claims_of(copy) | change, rows_of(copy))
    assert any(said in fault for fault in check_submission(copy).faults)


def test_nothing_is_made_of_less_than_the_test_pairs(
    synthetic: Any, made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
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
