"""The training stage: what moved and what did not, what a kill leaves, and what a second run does."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
import yaml
from safetensors.torch import load_file

from negjudge import Judge
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import weights_sha256
from negjudge.judge.settings import read_judge_settings
from negjudge.training import loop
from negjudge.training.stage import make_plan, train
from train.run import main


def curves(judge):
    return [json.loads(line) for line in (judge / "curves.jsonl").read_text().splitlines()]


def lora(judge):
    return load_file(judge / "adapter_model.safetensors")


def test_training_moves_the_lora_alone(recipe, run, base):
    before = weights_sha256(base)
    judge = train(recipe, run)
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
    assert [e["step"] for e in curves(judge) if "eval_loss" in e] == [2, 4, 6, 8, 10]
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


def test_killed_training_goes_on_as_if_unbroken(recipe, run, tmp_path):
    recipe = replace(recipe, epochs=12.0, lora=replace(recipe.lora, dropout=0.1))
    whole = train(recipe, run).rename(tmp_path / "whole")
    file = tmp_path / "recipe.yaml"
    values = {**vars(recipe), "lora": vars(recipe.lora)}
    file.write_text(yaml.safe_dump(values))
    process = subprocess.Popen(
        [sys.executable, "-m", "train.run", "--config", str(file)], stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: list(run.glob("judge-checkpoints/*/checkpoint-24/trainer_state.json")), process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (run / "judge").exists()
    torn = next(run.glob("judge-checkpoints/*")) / "checkpoint-59"  # as a kill while saving leaves one
    torn.mkdir()
    (torn / "trainer_state.json").write_text('{"global_step": 59, "log_hist')

    assert main(["--config", str(file)]) == 0
    resumed = run / "judge"
    assert lora(resumed).keys() == lora(whole).keys()
    for name, value in lora(whole).items():
        torch.testing.assert_close(lora(resumed)[name], value, atol=1e-6, rtol=0)
    losses = [[(e["step"], e.get("loss"), e.get("eval_loss")) for e in curves(j)] for j in (resumed, whole)]
    assert losses[0] == losses[1]
    assert [step for step, _, validation in losses[0] if validation][-3:] == [36, 48, 60]


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
