"""The training stage: what moved and what did not, what a kill leaves, and what a second run does."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest
import torch
import yaml
from safetensors.torch import load_file

from negjudge import Judge
from negjudge.data.pairs import read_pairs
from negjudge.data.records import Label, Sample, append_records, read_records
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import weights_sha256
from negjudge.judge.prompts import SYSTEM, TEMPLATE_VERSION
from negjudge.judge.settings import read_judge_settings
from negjudge.training import loop, stage
from negjudge.training.calibration import calibrate
from negjudge.training.stage import make_plan, train
from train.run import main


def curves(judge):
    return [json.loads(line) for line in (judge / "curves.jsonl").read_text().splitlines()]


def lora(judge):
    return load_file(judge / "adapter_model.safetensors")


@pytest.mark.parametrize(
    ("packed", "evaluated"),
    [(False, [2, 4, 6, 8, 10]), (True, list(range(1, 9)))],  # eight questions a step, or two pictures
    ids=["one by one", "packed"],
)
def test_training_moves_the_lora_alone(recipe, run, base, packed, evaluated):
    before = weights_sha256(base)
    judge = train(replace(recipe, packed=packed), run)
    assert judge == run / "judge"
    assert weights_sha256(base) == before
    weights = lora(judge)
    updates = [value for name, value in weights.items() if "lora_B" in name]
    assert len(updates) == 7  # four of attention, three of the MLP, in one layer
    assert all(value.any() for value in updates)
    assert not any("visual" in name for name in weights)

    settings = read_judge_settings(judge)
    assert settings.base.sha256 == before
    assert settings.training["reload_difference"] <= 1e-6
    assert settings.training["questions"] == 40  # eight pictures, five questions, all decided
    losses = [entry["loss"] for entry in curves(judge) if "loss" in entry]
    assert losses[-1] < losses[0]
    assert [e["step"] for e in curves(judge) if "eval_loss" in e] == evaluated
    assert not (run / "judge-checkpoints").exists()


def test_the_judge_has_learnt(recipe, run, base):
    judge = train(replace(recipe, epochs=8.0, learning_rate=2e-2), run)
    tuned, untuned = (Judge.from_pretrained(folder, device="cpu") for folder in (judge, base))
    samples = [one.sample for one in make_plan(recipe, run).material.train]
    pictures, objects = [run / s.image for s in samples], [s.object for s in samples]
    verdicts = tuned.score(pictures, objects, [s.element for s in samples])
    assert min(v.object_present for v in verdicts) > 0.5  # every training picture was labelled so
    assert [v.quality for v in verdicts] == pytest.approx([14 / 3] * 8, abs=0.3)
    others = untuned.score(pictures, objects, [s.element for s in samples])
    assert min(v.object_present for v in others) < 0.5
    assert max(v.quality for v in others) < 4


def test_done_is_done_until_something_changes(recipe, run, capsys, monkeypatch):
    train(recipe, run)
    first = lora(run / "judge")
    written = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(loop, "tune", None)  # whoever called it would fail
        train(recipe, run)
    assert "nothing to do" in capsys.readouterr().out
    del written[run / ".train.lock"]
    assert {path: path.stat().st_mtime_ns for path in written} == written
    train(replace(recipe, seed=1), run)
    second = lora(run / "judge")
    assert any(not torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("packed", "steps", "every", "last"),
    [(False, 60, 12, [36, 48, 60]), (True, 48, 9, [36, 45, 48])],
    ids=["one by one", "packed"],
)
def test_killed_training_goes_on_as_if_unbroken(recipe, run, tmp_path, packed, steps, every, last):
    recipe = replace(recipe, epochs=12.0, packed=packed, lora=replace(recipe.lora, dropout=0.1))
    whole = train(recipe, run).rename(tmp_path / "whole")
    file = tmp_path / "recipe.yaml"
    values = {**vars(recipe), "lora": vars(recipe.lora)}
    file.write_text(yaml.safe_dump(values))
    process = subprocess.Popen(
        [sys.executable, "-m", "train.run", "--config", str(file)], stderr=subprocess.DEVNULL
    )
    try:
        reached = f"judge-checkpoints/*/checkpoint-{2 * every}/trainer_state.json"
        wait_for(lambda: list(run.glob(reached)), process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (run / "judge").exists()
    unfinished = next(run.glob("judge-checkpoints/*"))
    torn = unfinished / f"checkpoint-{steps - 1}"  # as a kill while saving leaves one
    torn.mkdir()
    (torn / "trainer_state.json").write_text(f'{{"global_step": {steps - 1}, "log_hist')

    assert main(["--config", str(file)]) == 0
    resumed = run / "judge"
    assert lora(resumed).keys() == lora(whole).keys()
    for name, value in lora(whole).items():
        torch.testing.assert_close(lora(resumed)[name], value, atol=1e-6, rtol=0)
    losses = [[(e["step"], e.get("loss"), e.get("eval_loss")) for e in curves(j)] for j in (resumed, whole)]
    assert losses[0] == losses[1]
    assert [step for step, _, validation in losses[0] if validation][-3:] == last


def wait_for(condition, process):
    """Wait as long as the process lives, however slow the machine is."""
    while not condition():
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"base": "no/such/model"}, "there is no model folder no/such/model"),
        ({"splits": "nowhere.json"}, "nowhere.json is missing"),
        ({"quantization": "4bit"}, "needs a CUDA device"),
        ({"reader": "minilab.nothing:read"}, "minilab.nothing:read"),
    ],
)
def test_what_cannot_be_is_said(recipe, run, change, word):
    with pytest.raises(NegjudgeError) as error:
        train(replace(recipe, **change), run)
    assert word in str(error.value)
    assert "\n" not in str(error.value)
    assert not (run / "judge").exists()


@pytest.mark.parametrize(
    ("file", "word"), [("samples.jsonl", "make generate"), ("labels.jsonl", "make label")]
)
def test_the_stage_that_lacks_is_named(recipe, run, file, word):
    (run / file).unlink()
    with pytest.raises(NegjudgeError, match=word):
        train(recipe, run)


def test_a_corrupt_picture_is_named(recipe, run):
    picture = next((run / "images").iterdir())
    picture.write_bytes(picture.read_bytes()[:50])
    with pytest.raises(NegjudgeError, match=picture.name):
        train(recipe, run)


def test_keys_that_came_later_leave_earlier_trainings_as_they_were(recipe, run):
    # The fingerprint of this recipe, with these labels, before there were these keys.
    before = earlier_fingerprint(make_plan(recipe, run))
    assert make_plan(recipe, run).fingerprint == before
    for changes in ({"ask": "every"}, {"visible": "masked"}, {"packed": True}):
        assert make_plan(replace(recipe, **changes), run).fingerprint != before


def earlier_fingerprint(plan):
    """Return the fingerprint as it was computed before."""
    later = ("ask", "visible", "packed", "cache_features")
    recipe = {k: v for k, v in asdict(plan.recipe).items() if k not in ("run", "base", *later)}
    pictures = [
        [[one.sample.id, one.sample.sha256, one.nouns, one.object, one.element, one.quality] for one in group]
        for group in (plan.material.train, plan.material.validation)
    ]
    facts = [recipe, plan.base.sha256, TEMPLATE_VERSION, SYSTEM, pictures]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def test_parts_are_trained_on_and_calibrated_with_and_the_record_says_by_which_rule(recipe, run, monkeypatch):
    samples = read_records(run / "samples.jsonl", Sample)
    train_ones = read_splits(recipe.splits).judge["train"]
    hidden = read_pairs(recipe.pairs)[read_splits(recipe.splits).judge["both_new"][0]].element
    labels = [Label(s.id, "part:wheels", "yes", 1.0, {"yes": 3}, "simulated") for s in samples]
    shows = next(s.id for s in samples if s.pair in train_ones)
    labels.append(Label(shows, f"part:{hidden}", "yes", 1.0, {"yes": 3}, "simulated"))
    append_records(run / "labels.jsonl", labels)
    plan = make_plan(replace(recipe, ask="every", visible="masked"), run)
    asked = sum(len(one.parts) for one in plan.material.train)
    assert asked
    found = []
    monkeypatch.setattr(stage, "calibrate", lambda *given: found.append(given) or calibrate(*given))
    judge = train(replace(recipe, ask="every", visible="masked"), run)
    record = read_judge_settings(judge).training
    assert record["questions"] == 40 + 2 * asked
    assert (record["asked"], record["visible"], record["masked_pictures"]) == ("every", "masked", 1)
    assert record["left_out_pictures"] == 0
    ((answers, labelled, _),) = found
    assert len(answers) == len(labelled) == 4 + sum(len(one.parts) for one in plan.material.validation)
    dropped = make_plan(replace(recipe, ask="every"), run).material
    assert (dropped.left_out, dropped.masked) == (1, 0)
