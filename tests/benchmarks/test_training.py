"""The benchmark of training steps runs on both bases, and its three steps have the same gradients."""

import re

import pytest
import torch

from benchmarks import training
from benchmarks.training import main, mini, questions, steps
from negjudge.judge.loading import quiet


@pytest.mark.parametrize("arguments", [[], ["--true-class"]], ids=["mini", "true class"])
def test_two_rounds_on_a_cpu(arguments, monkeypatch, capsys):
    monkeypatch.setattr(training, "SIDE", 4 * 28)
    monkeypatch.setattr(training, "VOCABULARY", 1000)
    main(["--rounds", "2", "--pictures", "2", *arguments])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head == ["form", "questions a second", "times as many", "peak GB"]
    assert [row[0] for row in rows] == [
        "a sequence a question",
        "packed",
        "packed, features kept",
        "TRL's vision recipe",
    ]
    assert rows[0][2] == "1.00"
    assert all(re.fullmatch(r"\d+\.\d", row[1]) and re.fullmatch(r"\d+\.\d\d", row[2]) for row in rows)


def test_the_steps_are_one_step(tmp_path, monkeypatch):
    base, processor, side = mini()
    with quiet():
        found = steps(base, processor, questions(tmp_path, 2, side), tmp_path, "cpu")
    kept = []
    for call in found.values():
        with monkeypatch.context() as patch:
            patch.setattr("peft.PeftModel.zero_grad", lambda model: None)
            call()
        updates = [p for name, p in base.named_parameters() if "lora_B" in name]
        kept.append(torch.cat([p.grad.flatten() for p in updates]))
        for p in base.parameters():
            p.grad = None
    assert kept[0].norm() > 0
    for other in kept[1:]:
        assert (other - kept[0]).norm() < 1e-4 * kept[0].norm()
