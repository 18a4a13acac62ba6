"""A contest on a tiny real pipeline: equal budgets, frozen before test, resumed, and never frozen twice."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from contested import write_contest

from negjudge.contest.recipe import ContestRecipe, Entry
from negjudge.contest.stage import run_contest, settings_of
from negjudge.data.records import Sample, read_records
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.evidence import gather
from negjudge.evaluation.stage import measure
from negjudge.recipes import load_recipe
from negjudge.tuning.frozen import FROZEN
from negjudge.tuning.search import best_of
from negjudge.tuning.trials import Trial


@pytest.fixture(scope="module")
def whole(model_folder, tmp_path_factory):
    """A contest that was held: its recipe, and what came of it."""
    path = write_contest(tmp_path_factory.mktemp("whole"), model_folder)
    recipe = load_recipe(ContestRecipe, ["--config", str(path)])
    return recipe, run_contest(recipe, Path(recipe.run))


@pytest.fixture
def recipe(model_folder, tmp_path):
    """The same recipe for a copy."""
    return load_recipe(ContestRecipe, ["--config", str(write_contest(tmp_path, model_folder))])


@pytest.fixture
def run(whole, recipe):
    """A copy of that contest's run folder, for tests that change it."""
    return shutil.copytree(whole[0].run, Path(recipe.run))


def test_what_is_frozen_is_what_is_tested_and_measured(whole):
    recipe, held = whole
    run, frozen = Path(recipe.run), held.frozen
    assert list(frozen.contestants) == ["cfg", "vsf", "VSF with offset"]
    assert all(len(chosen.settings) == 2 for chosen in frozen.contestants.values())
    tried = read_records(run / "tune/tuning.jsonl", Trial)
    assert len({trial.evaluations for trial in tried}) == 1
    for name, chosen in frozen.contestants.items():
        best = best_of(t for t in tried if t.method == name)
        assert chosen.settings[0].items() >= best.params.items()
    samples = read_records(run / "samples.jsonl", Sample)
    assert len(samples) == 3 * 3 * (1 + len(settings_of(frozen)[0]))
    assert {s.pair for s in samples} == {"bicycle-wheels", "bicycle-seat", "bicycle-rear-basket"}

    metrics = measure(gather(recipe, run), recipe)
    table = {row.method: row for row in metrics.methods["oracle"]}
    assert list(table) == ["none", "cfg", "vsf", "VSF with offset"]
    assert [row.evaluations for row in table.values()] == [2, 4, 2, 2]
    assert table["VSF with offset"].params["offset"] == 1.0
    contest = metrics.contest
    assert (contest.source, contest.digest) == ("oracle", frozen.digest)
    assert len(contest.frontiers.points) == 6
    assert contest.frontiers.pictures == 3 * 2
    (matched,) = contest.frontiers.matched
    assert [held.method for held in matched.rates] == list(frozen.contestants)
    curve = [row for row in contest.best_of if (row.method, row.picker) == ("cfg", "oracle")]
    assert [(row.n, row.evaluations) for row in curve] == [(1, 4), (2, 8), (3, 12)]
    assert curve[0].success.estimate == pytest.approx(table["cfg"].success.estimate)
    assert [row.method for row in contest.cost.rows] == list(table)
    assert contest.cost.rows[0].ratio.estimate == 1.0


def test_it_goes_on_where_it_stopped_and_does_nothing_twice(recipe, run):
    files = [run / name for name in ("frozen.json", "cost.json", "samples.jsonl", "frontier/samples.jsonl")]
    before = [file.read_bytes() for file in files]
    lines = (run / "samples.jsonl").read_bytes().splitlines(keepends=True)
    (run / "samples.jsonl").write_bytes(
        b"".join(lines[:-4]) + lines[-4][:30]
    )  # killed in the midst of a line
    history = (run / "tune/tuning.jsonl").read_bytes()
    again = run_contest(recipe, run)
    assert (again.chosen.new, again.frontier.new, again.control.new) == (4, 0, 0)
    assert [sorted(file.read_bytes().splitlines()) for file in files] == [
        sorted(b.splitlines()) for b in before
    ]
    assert (run / "tune/tuning.jsonl").read_bytes() == history


def test_other_settings_than_the_frozen_ones_are_refused(recipe, run, tmp_path):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    more = recipe.contestants | {"nasa": Entry(method="nasa", space={"scale": [0, 1, 0.5]})}
    fewer = json.loads(Path(recipe.splits).read_text())
    fewer["methods"]["test"].pop()
    (tmp_path / "fewer.json").write_text(json.dumps(fewer))
    texts = [json.loads(line) for line in Path(recipe.pairs).read_text().splitlines()]
    worded = [pair | {"prompt": pair["prompt"] + " at night"} for pair in texts]
    (tmp_path / "worded.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in worded))
    for change in (
        {"frontier": 1}, {"test_seeds": 4}, {"control_seeds": 2}, {"matched": []}, {"trials": 4},
        {"contestants": more}, {"splits": str(tmp_path / "fewer.json")},
        {"pairs": str(tmp_path / "worded.jsonl")},
    ):  # fmt: skip
        with pytest.raises(NegjudgeError, match="is of another contest"):
            run_contest(dataclasses.replace(recipe, **change), run)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert run_contest(recipe, run).chosen.new == 0


def test_a_plan_that_is_lost_is_not_made_up_again(recipe, run):
    (run / FROZEN).unlink()
    with pytest.raises(NegjudgeError, match=r"has pictures and no frozen\.json"):
        run_contest(recipe, run)
    assert not (run / FROZEN).exists()
