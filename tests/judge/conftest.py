"""A real, tiny, untrained Qwen2.5-VL in a folder, and a LoRA on it in another."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from PIL import Image

from minilab.judge_model import build_model, build_processor
from minilab.render import render
from minilab.world import words
from negjudge.judge.loading import load_model, quiet, weights_sha256
from negjudge.judge.settings import Base, Calibration, JudgeSettings, Presence, write_settings
from negjudge.training.loop import LANGUAGE


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained judge."""
    folder = tmp_path_factory.mktemp("models") / "base"
    torch.manual_seed(0)
    processor = build_processor(words())
    build_model(processor, layers=2).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def adapter(base: Path) -> Path:
    """The folder of a judge made of a LoRA with random weights, its base beside it."""
    folder = base.parent / "runs" / "mini" / "judge"
    torch.manual_seed(1)
    lora = LoraConfig(r=4, target_modules=LANGUAGE, init_lora_weights=False, task_type="CAUSAL_LM")
    with quiet():
        get_peft_model(load_model(base), lora).save_pretrained(folder)
    (folder / "README.md").unlink()  # peft's empty form
    build_processor(words()).save_pretrained(folder)
    write_settings(
        folder,
        JudgeSettings(
            Calibration(object=Presence(present=2.0, absent=0.5), abstain=0.2),
            Base("base", path="../../../base", sha256=weights_sha256(base)),
        ),
    )
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Renders of different objects, one of another shape, with a broken file among them."""
    folder = tmp_path_factory.mktemp("pictures")
    paths = [folder / f"{number}.png" for number in range(5)]
    render("bicycle", ["wheels", "seat"], seed=1).save(paths[0])
    render("cat", ["ears"], seed=2).save(paths[1])
    render("house", ["roof", "door"], seed=3).resize((128, 40), Image.Resampling.BICUBIC).save(paths[2])
    render("teapot", ["lid"], seed=4).save(paths[4])
    paths[3].write_bytes(paths[0].read_bytes()[:60])
    return paths
