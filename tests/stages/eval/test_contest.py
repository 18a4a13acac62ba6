"""`python -m eval.contest`, and every other command on a contest that was held."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from contested import write_contest
from PIL import Image

from eval.card import main as card
from eval.contest import main
from eval.report import main as report
from eval.run import main as measure_run
from negjudge.cli.main import main as negjudge
from negjudge.publishing.card import write_card

FEW = {"trials": 1, "test_seeds": 1, "frontier": 1, "frontier_seeds": 1, "control_seeds": 0}


@pytest.fixture(scope="module")
def held(model_folder, tmp_path_factory):
    """The recipe of a contest on the mini lab's pairs that was held and measured, whose run has a judge."""
    folder = tmp_path_factory.mktemp("held")
    shutil.copytree("data/mini/judge-base", folder / "run/judge")
    path = write_contest(
        folder, model_folder, **FEW, draws=100, run=str(folder / "run"), pairs="data/mini/pairs.jsonl",
        splits="data/mini/splits.json", device="cpu", control_pictures=0,
    )  # fmt: skip
    assert main(["--config", str(path)]) == 0
    return path


def submit(arguments):
    return negjudge(["submission", "make", *arguments, "-o", str(Path(arguments[1]).parent / "submission")])


@pytest.mark.parametrize(
    ("command", "made"),
    [
        (measure_run, "run/metrics.json"),
        (report, "run/report/index.html"),
        (card, "run/card.md"),
        (submit, "submission/submission.json"),
    ],
)
def test_every_command_that_takes_an_evaluations_recipe_takes_a_contests(
    held, tmp_path, monkeypatch, command, made
):
    monkeypatch.setattr(write_card, "__defaults__", (tmp_path / "model_cards",))
    path = held.parent / made
    before = path.stat().st_mtime_ns if path.exists() else 0
    assert command(["--config", str(held)]) == 0
    assert path.stat().st_mtime_ns > before
    if command is not card:  # which is of the judge alone
        assert "VSF with offset" in path.read_text()


def test_another_recipe_does_not_overwrite_a_contests_page(held, capsys):
    config, run = ["--config", str(held)], held.parent / "run"
    page, metrics = run / "report/index.html", run / "metrics.json"
    before = page.read_bytes(), metrics.read_bytes()
    for command in (measure_run, report):
        capsys.readouterr()
        assert command(["--config", "eval/recipes/mini.yaml", "--run", str(run)]) == 2
        assert "holds a contest; give the recipe that it was held by" in capsys.readouterr().err
    assert (page.read_bytes(), metrics.read_bytes()) == before
    assert report(config) == 0


def test_its_results_can_be_submitted_and_others_pictures_brought_in(held, tmp_path, capsys):
    run, out = shutil.copytree(held.parent / "run", tmp_path / "run"), str(tmp_path / "sub")
    config = ["--config", str(held), "--run", str(run)]
    assert negjudge(["submission", "make", *config, "-o", out]) == 0
    assert negjudge(["submission", "check", out]) == 0
    assert "budgets equal" in capsys.readouterr().out

    Image.new("RGB", (32, 32), "red").save(tmp_path / "a.png")
    (tmp_path / "manifest.csv").write_text(
        "image,pair,method\na.png,bicycle-wheels,gpt\nb.png,bicycle-wheels,gpt\n"
    )
    imported = ["--images", str(tmp_path), "--manifest", str(tmp_path / "manifest.csv")]
    for command in (main, measure_run):
        assert command([*config, *imported]) == 2
        said = capsys.readouterr()
        assert "line 3: there is no picture" in said.err
        assert [line.split()[0] for line in said.out.splitlines() if line.startswith("  gpt")][:1] == ["gpt"]
    metrics = json.loads((run / "metrics.json").read_text())
    assert [row["method"] for row in metrics["methods"]["oracle"]][-1] == "gpt"
    assert metrics["contest"]["frontiers"]["points"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"contestants": {}}, "contestants"),
        ({"frontier_seeds": 4}, "frontier_seeds"),
        ({"reader": None}, "name who reads"),
        ({"generator": {"model": "data/mini/generator", "steps": 0}}, "'steps' is 0"),
        ({"splits": "LEAKED"}, "bicycle-wheels is in methods test and in methods dev"),
        ({"matched": [{"measure": "beauty", "at": 0.9}]}, "matched"),
        ({"matched": [{"measure": "kept", "at": 95}]}, "'matched' has kept at 95, expected a share"),
        ({"contestants": {"x": {"method": "vfs", "space": {"scale": [0, 1, 0.1]}}}}, "vfs"),
    ],
)
def test_bad_input_ends_in_one_line(model_folder, tmp_path, capsys, change, fault):
    path = write_contest(tmp_path, model_folder)
    values = yaml.safe_load(path.read_text())
    splits = json.loads(Path(values["splits"]).read_text())
    splits["methods"]["dev"].append("bicycle-wheels")
    (tmp_path / "LEAKED").write_text(json.dumps(splits))
    if "splits" in change:
        change = {"splits": str(tmp_path / change["splits"])}
    path.write_text(yaml.safe_dump(values | change))
    assert main(["--config", str(path)]) == 2
    assert not (tmp_path / "contest/tune").exists()  # before the first picture
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert fault in error
