"""A real, tiny, untrained Qwen2.5-VL in a folder, a LoRA on it in another, and pictures to judge."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from peft import LoraConfig, get_peft_model
from PIL import Image
from tiny.parts import seeded

from minilab.judge_model import build_model, build_processor
from minilab.render import render
from minilab.world import words
from negjudge.judge.loading import load_model, quiet, weights_sha256
from negjudge.judge.settings import Base, Calibration, JudgeSettings, Presence, write_judge_settings
from negjudge.training.loop import LANGUAGE


def save_base(folder: Path, layers: int = 2, more_words: Sequence[str] = (), seed: int = 0) -> Path:
    """Save an untrained judge that knows the mini lab's words and ``more_words``; return its folder."""
    with seeded(seed):
        processor = build_processor([*words(), *more_words])
        build_model(processor, layers=layers).save_pretrained(folder)
        processor.save_pretrained(folder)
    return folder


def save_adapter(base: Path, folder: Path) -> Path:
    """Save a judge made of ``base`` and a LoRA with random weights, calibrated; return its folder."""
    lora = LoraConfig(r=4, target_modules=LANGUAGE, init_lora_weights=False, task_type="CAUSAL_LM")
    with seeded(1), quiet():
        get_peft_model(load_model(base), lora).save_pretrained(folder)
    (folder / "README.md").unlink()  # peft's empty form
    build_processor(words()).save_pretrained(folder)
    place = Base(base.name, path=os.path.relpath(base, folder), sha256=weights_sha256(base))
    write_judge_settings(
        folder, JudgeSettings(Calibration(object=Presence(present=2.0, absent=0.5), abstain=0.2), place)
    )
    return folder


def save_pictures(folder: Path) -> list[Path]:
    """Save renders of different objects, one of another shape, and a broken file among them."""
    paths = [folder / f"{number}.png" for number in range(5)]
    render("bicycle", ["wheels", "seat"], seed=1).save(paths[0])
    render("cat", ["ears"], seed=2).save(paths[1])
    render("house", ["roof", "door"], seed=3).resize((128, 40), Image.Resampling.BICUBIC).save(paths[2])
    render("teapot", ["lid"], seed=4).save(paths[4])
    paths[3].write_bytes(paths[0].read_bytes()[:60])
    return paths
