"""The budget that trainings share, and the archives that their results come back in."""

import tarfile
import time

import pytest

from minilab.remake import SHARES, STEPS, Budget, pack
from negjudge.errors import NegjudgeError


def test_without_minutes_each_training_takes_its_own_steps():
    plan = Budget(None, "cpu").plan("teacher")
    assert (plan.steps, plan.minutes, plan.device) == (STEPS["teacher"], None, "cpu")


def test_trainings_share_the_minutes_and_those_done_leave_theirs_to_the_others(tmp_path):
    budget = Budget(10, "cpu")
    assert not budget.wanted(tmp_path, "encoder", "decoder")
    assert budget.wanted(tmp_path / "model", "teacher")
    left = sum(share for name, share in SHARES.items() if name not in ("encoder", "decoder"))
    assert budget.plan("teacher").minutes == pytest.approx(10 * SHARES["teacher"] / left, rel=0.01)


def test_what_comes_between_is_taken_off_what_is_left(monkeypatch):
    budget, now = Budget(10, "cpu"), time.monotonic()
    whole = budget.plan("encoder").minutes
    monkeypatch.setattr(time, "monotonic", lambda: now + 5 * 60)
    others = sum(SHARES.values()) - SHARES["encoder"]
    assert budget.plan("decoder").minutes == pytest.approx(5 * SHARES["decoder"] / others, rel=0.01)
    assert whole == pytest.approx(10 * SHARES["encoder"] / sum(SHARES.values()), rel=0.01)
    monkeypatch.setattr(time, "monotonic", lambda: now + 11 * 60)
    with pytest.raises(NegjudgeError, match="no time is left for the training 'teacher'"):
        budget.plan("teacher")


def test_archives_hold_every_file_and_none_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("minilab.remake.LARGEST", 20_000)
    monkeypatch.chdir(tmp_path)
    for number, size in enumerate((15_000, 9_000, 8_000, 100, 10)):
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models" / f"{number}.bin").write_bytes(bytes([number]) * size)
    made = pack(tmp_path / "out", [tmp_path / "models"])
    assert len(made) == 3
    names = []
    for path in made:
        with tarfile.open(path) as archive:
            names += archive.getnames()
    assert sorted(name[-5:] for name in names) == [f"{number}.bin" for number in range(5)]
    (tmp_path / "models" / "large.bin").write_bytes(bytes(20_001))
    with pytest.raises(NegjudgeError, match=r"large\.bin is larger"):
        pack(tmp_path / "out", [tmp_path / "models"])
