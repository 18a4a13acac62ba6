"""Trains the tiny base judge from scratch on PartWorld: first to see, then to answer.

Run from the repository root: ``python -m minilab.make_judge``. Killed, the same command goes on from the
last checkpoint under ``build/``. It sees renders, half of them through the generator's autoencoder and a
quarter part of the way through the generator, so that soft edges and each method's looks are nothing new to
it. It is asked affirmative questions alone, of pictures whose parts are mostly there: that diet is what gives
it the yes-bias that large models bring with them.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from minilab.judge_diet import Diet, Example, balanced_example, training_example, training_scene
from minilab.judge_model import PICTURE_TOKENS, build_model, build_processor
from minilab.loop import save_whole
from minilab.regenerate import Regenerator
from minilab.render import Scene, render_scene
from minilab.retouch import Retoucher
from minilab.world import words
from negjudge.data.durable import write_atomically
from negjudge.data.questions import NO, YES
from negjudge.data.splits import read_splits
from negjudge.errors import command
from negjudge.judge.loading import weights_sha256
from negjudge.judge.packing import vocabulary_logits
from negjudge.judge.prompts import ANSWERS, read_template
from negjudge.progress import progress_bar

LOG_EVERY, CHECKPOINT_EVERY = 25, 50
KINDS = ("object", "object", "element", "lack")  # of the questions of a balanced example


class Stage(Protocol):
    """One stage of the training: its name, what it trains, and the loss of a batch drawn at random."""

    name: str
    parameters: list[nn.Parameter]

    def loss(self, rng: random.Random, batch: int) -> torch.Tensor: ...

    def state(self) -> dict[str, Any]: ...


class Seeing:
    """The vision tower with a linear head that names the object and the parts, and is then thrown away.

    Without it the language model finds nothing to hold on to: 700 steps of yes and no alone stayed at chance.
    """

    name = "to see"

    def __init__(self, answering: Answering) -> None:
        self.diet, self.tower = answering.diet, answering.model.model.visual
        self.touched = answering.touched
        self.pictures = answering.processor.image_processor
        width = self.tower.config.out_hidden_size * PICTURE_TOKENS
        self.head = nn.Linear(width, len(self.diet.objects) + len(self.diet.elements))
        self.parameters = [*self.tower.parameters(), *self.head.parameters()]

    def loss(self, rng: random.Random, batch: int) -> torch.Tensor:
        """Return the cross-entropy of the object's name plus that of the parts' presence."""
        scenes = [training_scene(rng, self.diet) for _ in range(batch)]
        renders = self.touched([render_scene(scene) for scene in scenes], scenes, rng)
        inputs = self.pictures(renders, return_tensors="pt")
        features = self.tower(inputs["pixel_values"], inputs["image_grid_thw"]).pooler_output
        names, parts = (
            self.head(features.view(batch, -1))
            .float()
            .split([len(self.diet.objects), len(self.diet.elements)], dim=1)
        )
        objects = torch.tensor([self._object(scene) for scene in scenes])
        present = torch.tensor(
            [[float(part in scene.parts) for part in self.diet.elements] for scene in scenes]
        )
        presence = F.binary_cross_entropy_with_logits(parts, present, reduction="sum") / batch
        return F.cross_entropy(names, objects, ignore_index=-1) + 0.3 * presence

    def _object(self, scene: Scene) -> int:
        return -1 if scene.alone else self.diet.objects.index(scene.object)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint needs besides the model."""
        return {"head": self.head}


class Answering:
    """The whole model, answering questions by the logits of the answer's first token."""

    name = "to answer"

    def __init__(self, diet: Diet, seed: int) -> None:
        self.retouch, self.regenerate = Retoucher(), Regenerator()
        torch.manual_seed(seed)
        self.diet, self.processor = diet, build_processor(words())
        self.model = build_model(self.processor)
        self.template = read_template(self.processor)
        self.parameters = list(self.model.parameters())

    def loss(self, rng: random.Random, batch: int) -> torch.Tensor:
        """Return the cross-entropy of the answers' tokens."""
        examples = [training_example(rng, self.diet) for _ in range(batch)]
        pictures = self.touched([e.picture for e in examples], [e.scene for e in examples], rng)
        examples = [replace(e, picture=p) for e, p in zip(examples, pictures, strict=True)]
        token = self.processor.tokenizer.convert_tokens_to_ids
        targets = torch.tensor([[token(answer) for answer in e.answers] for e in examples])
        return F.cross_entropy(self.logits(examples).flatten(0, 1), targets.flatten())

    def touched(
        self, pictures: Sequence[Image.Image], scenes: Sequence[Scene], rng: random.Random
    ) -> list[Image.Image]:
        """Return the pictures, some of them with a generator's looks; what they show stays the same."""
        return self.retouch(self.regenerate(pictures, scenes, rng), rng)

    def logits(self, examples: Sequence[Example]) -> torch.Tensor:
        """Return the logits (examples, questions, vocabulary) of the first answer tokens."""
        pictures, questions = [e.picture for e in examples], [e.questions for e in examples]
        return vocabulary_logits(self.model, self.processor, self.template, pictures, questions)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint needs besides the model."""
        return {}


def fit(stage: Stage, model: nn.Module, options: argparse.Namespace, steps: int) -> list[str]:
    """Train a stage to its last step, from its last checkpoint if there is one; return its log."""
    optimizer = torch.optim.AdamW(stage.parameters, lr=options.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=steps, pct_start=0.1, cycle_momentum=False
    )
    state = {"model": model, "optimizer": optimizer, "schedule": schedule, **stage.state()}
    checkpoint = Path(options.build) / f"{stage.name.replace(' ', '-')}.pt"
    first, log, seconds = _restore(checkpoint, state)
    started = time.monotonic() - seconds
    model.train()
    with progress_bar(f"base judge learns {stage.name}", steps, "steps", first) as advance:
        for step in range(first, steps):
            # The step's own seed: a resumed run sees what the unbroken one would have seen.
            rng = random.Random(f"{options.seed}/{stage.name}/{step}")
            loss = _step(stage, rng, options.batch, optimizer, schedule)
            advance(1, f"base judge learns {stage.name}, loss {loss:.3f}")
            if (step + 1) % LOG_EVERY == 0:
                log.append(f"{stage.name}: step {step + 1} loss {loss:.4f}")
            if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == steps:
                seconds = time.monotonic() - started
                _save(checkpoint, state, {"step": step + 1, "log": log, "seconds": seconds})
    return [*log, f"{stage.name}: {seconds:.0f} seconds"]


def _step(stage: Stage, rng: random.Random, batch: int, optimizer: Any, schedule: Any) -> float:
    with torch.autocast("cpu", torch.bfloat16):
        loss = stage.loss(rng, batch)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(stage.parameters, 1.0)
    optimizer.step()
    schedule.step()
    return loss.item()


def _save(path: Path, state: dict[str, Any], facts: dict[str, Any]) -> None:
    save_whole({**facts, **{name: value.state_dict() for name, value in state.items()}}, path)


def _restore(path: Path, state: dict[str, Any]) -> tuple[int, list[str], float]:
    """Return the steps done, their log and the seconds they took."""
    if not path.exists():
        return 0, [], 0.0
    saved = torch.load(path, weights_only=True)
    for name, value in state.items():
        value.load_state_dict(saved[name])
    return int(saved["step"]), saved["log"], float(saved["seconds"])


@torch.no_grad()
def measure(judge: Answering, repeats: int = 8, seed: str = "balanced") -> dict[str, float]:
    """Measure the judge over clean renders, as often yes as no for every object and every part.

    Returns the balanced accuracy of affirmative questions about objects and elements, and the rates of "yes"
    behind it; "lack" are the same elements asked about the other way, as the base never was.
    """
    rng, diet = random.Random(seed), judge.diet
    judge.model.eval()
    yes, no = (judge.template.answers[ANSWERS.index(answer)] for answer in (YES, NO))
    said: dict[tuple[str, str], list[bool]] = {}
    for name in sorted(diet.objects * repeats):
        cases = [(part, there) for part in diet.parts(name) for there in (True, False)]
        examples = [balanced_example(rng, diet, name, *case) for case in cases]
        logits = judge.logits(examples)
        for e, row in zip(examples, (logits[..., yes] > logits[..., no]).tolist(), strict=True):
            for kind, truth, answer in zip(KINDS, e.answers, row, strict=True):
                said.setdefault((kind, truth), []).append(answer)
    rate = {key: sum(answers) / len(answers) for key, answers in said.items()}
    found = {
        f"balanced accuracy, {k} questions": (rate[k, YES] + 1 - rate[k, NO]) / 2
        for k in ("object", "element")
    }
    return found | {f"says yes, {kind} questions, truth {truth}": r for (kind, truth), r in rate.items()}


def save(judge: Answering, folder: Path) -> str:
    """Save model and processor, weights in half precision; return the weights' SHA-256."""
    judge.model.half().save_pretrained(folder)
    judge.processor.save_pretrained(folder)
    return weights_sha256(folder)


def read_options(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="minilab.make_judge", description=__doc__, allow_abbrev=False)
    parser.add_argument("--splits", default="data/mini/splits.json")
    parser.add_argument("--out", default="data/mini/judge-base")
    parser.add_argument("--build", default="build/judge-base")
    parser.add_argument("--steps-to-see", type=int, default=200)
    parser.add_argument("--steps-to-answer", type=int, default=500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> None:
    """Train, measure and save the base judge, with the log of how it was made."""
    options = read_options(argv)
    judge = Answering(Diet.without(read_splits(options.splits).strict), options.seed)
    log = [
        f"command: python -m minilab.make_judge, with {json.dumps(vars(options))}",
        f"torch {torch.__version__}, {sum(p.numel() for p in judge.parameters)} parameters",
        f"neither shown nor asked about: {judge.diet.left_out()}",
        *fit(Seeing(judge), judge.model, options, options.steps_to_see),
        *fit(judge, judge.model, options, options.steps_to_answer),
    ]
    judge.model.half().float()  # what is measured is what is saved
    log += [f"{name}: {value:.4f}" for name, value in measure(judge).items()]
    log.append(f"weights sha256: {save(judge, Path(options.out))}")
    write_atomically(Path(options.out) / "training.log", "\n".join(log) + "\n")
    print(*log[-7:], f"base judge saved in {options.out}", sep="\n")


if __name__ == "__main__":
    sys.exit(main())
