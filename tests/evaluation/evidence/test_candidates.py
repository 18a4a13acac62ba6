"""Which judges are asked: the run's own before further ones; each by a name, or left out with a reason."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from negjudge.evaluation.evidence.candidates import BASE, TUNED, Candidate, candidates_of, left_out
from negjudge.evaluation.recipe import EndpointModel, JudgeModel, LocalModel, VQAScoreModel

FURTHER: Mapping[str, JudgeModel] = {
    "ours": LocalModel(source="a/b"),
    "scored": VQAScoreModel(source="c/d", device="cuda"),
    "served": EndpointModel(source="large-1"),
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with a judge of its own, and a base beside it."""
    for folder in (tmp_path / "base", tmp_path / "run" / "judge"):
        folder.mkdir(parents=True)
        (folder / "judge.json").write_text("{}")
    return tmp_path / "run"


def test_the_runs_own_judges_are_asked_everything_and_come_first(run: Path) -> None:
    base, tuned, *further = candidates_of(run, "some/base", None, FURTHER, "cpu")
    assert base == Candidate(BASE, LocalModel(source="some/base", device="cpu", asked="all"), own=True)
    assert tuned == Candidate(
        TUNED, LocalModel(source=str(run / "judge"), device="cpu", asked="all"), own=True
    )
    assert further == [
        Candidate("ours", LocalModel(source="a/b", device="cpu")),
        Candidate("scored", VQAScoreModel(source="c/d", device="cuda")),  # its own before the recipe's
        Candidate("served", EndpointModel(source="large-1")),
    ]


def test_a_tuned_judge_that_is_named_takes_the_place_of_the_runs_own(run: Path) -> None:
    (tuned,) = candidates_of(run, None, "my/judge", {})
    assert (tuned.role, tuned.judge.source, tuned.own) == (TUNED, "my/judge", True)


def test_a_name_is_by_weights_wherever_they_lie(run: Path, tmp_path: Path) -> None:
    def name(folder: Path) -> str:
        return Candidate(TUNED, LocalModel(source=str(folder))).name

    first = name(run / "judge")
    assert first.startswith("tuned@")
    shutil.copytree(run / "judge", tmp_path / "copy")
    assert name(tmp_path / "copy") == first
    (tmp_path / "copy" / "notes.txt").write_text("of no matter")
    assert name(tmp_path / "copy") == first
    (tmp_path / "copy" / "judge.json").write_text('{"place": "another"}')
    assert name(tmp_path / "copy") != first


def test_folders_that_are_missing_are_left_out_and_hub_ids_and_endpoints_are_not(run: Path) -> None:
    lost: Mapping[str, JudgeModel] = {"lost": LocalModel(source=str(run / "mjni"))}
    found = list(candidates_of(run, str(run.parent / "base"), None, {**FURTHER, **lost}))
    assert left_out(found, has_oracle=True) == {"lost": f"there is no folder {run / 'mjni'}"}


@pytest.mark.parametrize("has_oracle", [True, False])
def test_the_base_is_asked_alone_only_where_no_oracle_reads(run: Path, has_oracle: bool) -> None:
    (run / "judge" / "judge.json").unlink()
    (run / "judge").rmdir()
    candidates = list(candidates_of(run, str(run.parent / "base"), None, {}))
    reasons = {TUNED: f"there is no folder {run / 'judge'}"}
    if has_oracle:
        reasons[BASE] = "it is asked to compare the tuned judge with, which is missing"
    assert left_out(candidates, has_oracle) == reasons
    assert left_out(candidates[1:], has_oracle) == {TUNED: reasons[TUNED]}
