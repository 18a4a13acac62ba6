"""Trains the tiny base judge from scratch on PartWorld: first to see, then to answer.

Run from the repository root: ``python -m minilab.make_judge``. Killed, the same command goes on from the
last checkpoint under ``build/``. It sees renders, some of them through the generator's autoencoder and some
part of the way through the generator at every method's strengths, so that a generator's looks are nothing new
to it. It is asked affirmative questions alone, of pictures whose parts are mostly there: that diet is what
gives it the yes-bias that large models bring with them.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from minilab.judge_diet import Diet, Example, balanced_example, training_questions
from minilab.judge_model import PICTURE_TOKENS, build_model, build_processor
from minilab.judge_pool import Pool, make_pool
from minilab.loop import BUILD, Plan, train
from minilab.render import Scene
from minilab.world import words
from negjudge.data.durable import write_atomically
from negjudge.data.questions import NO, YES
from negjudge.data.splits import read_splits
from negjudge.errors import command
from negjudge.judge.loading import weights_sha256
from negjudge.judge.packing import pixel_logits, vocabulary_logits
from negjudge.judge.prompts import ANSWERS, read_template

KINDS = ("object", "object", "element", "lack")  # of the questions of a balanced example


class Judge(nn.Module):
    """The model with its processor, and the pool of pictures that it learns from, cut into patches once."""

    def __init__(self, diet: Diet, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.diet, self.processor = diet, build_processor(words())
        self.model = build_model(self.processor)
        self.template = read_template(self.processor)
        self.seen: list[Scene] = []
        self.damage: list[int] = []

    def fill(self, pool: Pool, device: str, chunk: int = 512) -> None:
        """Take a pool's pictures, in half precision, to the device."""
        self.seen, self.damage = pool.scenes, pool.damage
        parts = []
        for start in range(0, len(pool.scenes), chunk):
            rows = range(start, min(start + chunk, len(pool.scenes)))
            cut = self.processor.image_processor(
                images=[pool.image(row) for row in rows], return_tensors="pt"
            )
            parts.append(cut["pixel_values"].half().view(len(rows), -1, cut["pixel_values"].shape[-1]))
        self.grid = cut["image_grid_thw"][:1]
        self.pixels = torch.cat(parts).to(device)

    def cut(self, rows: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return patches and grids of pictures of the pool, as the model takes them."""
        chosen = torch.tensor(rows, device=self.pixels.device)
        return self.pixels[chosen].float().flatten(0, 1), self.grid.expand(len(rows), 3)

    def logits(self, examples: Sequence[Example]) -> torch.Tensor:
        """Return the logits (examples, questions, vocabulary) of the first answer tokens."""
        pictures, questions = [e.picture for e in examples], [e.questions for e in examples]
        return vocabulary_logits(self.model, self.processor, self.template, pictures, questions)


class Seeing(nn.Module):
    """The vision tower with a linear head that names the object and the parts, and is then thrown away.

    Without it the language model finds nothing to hold on to: 700 steps of yes and no alone stayed at chance.
    """

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.diet, self.tower = judge.diet, judge.model.model.visual
        width = self.tower.config.out_hidden_size * PICTURE_TOKENS
        self.head = nn.Linear(width, len(self.diet.objects) + len(self.diet.elements))

    def forward(self, judge: Judge, rows: Sequence[int]) -> torch.Tensor:
        """Return the cross-entropy of the object's name plus that of the parts' presence."""
        pixels, grids = judge.cut(rows)
        scenes = [judge.seen[row] for row in rows]
        features = self.tower(pixels, grids.to(pixels.device)).pooler_output
        sizes = [len(self.diet.objects), len(self.diet.elements)]
        names, parts = self.head(features.view(len(rows), -1)).float().split(sizes, dim=1)
        objects = [-1 if scene.alone else self.diet.objects.index(scene.object) for scene in scenes]
        present = [[float(part in scene.parts) for part in self.diet.elements] for scene in scenes]
        presence = F.binary_cross_entropy_with_logits(
            parts, torch.tensor(present, device=parts.device), reduction="sum"
        )
        named = F.cross_entropy(names, torch.tensor(objects, device=names.device), ignore_index=-1)
        return named + 0.3 * presence / len(rows)


class Answering(nn.Module):
    """The whole model, answering questions by the logits of the answer's first token."""

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.model = judge.model

    def forward(self, judge: Judge, rows: Sequence[int], rng: random.Random) -> torch.Tensor:
        """Return the cross-entropy of the answers' tokens; the questions are drawn."""
        asked = [training_questions(rng, judge.diet, judge.seen[row], judge.damage[row]) for row in rows]
        questions, answers = zip(*asked, strict=True)
        token = judge.processor.tokenizer.convert_tokens_to_ids
        targets = torch.tensor([[token(answer) for answer in own] for own in answers])
        logits = pixel_logits(self.model, judge.processor, judge.template, *judge.cut(rows), questions)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten().to(logits.device))


def fit(judge: Judge, plans: tuple[Plan, Plan], options: Any) -> list[str]:
    """Train to see, then to answer, each from its last checkpoint if there is one; return the logs."""
    log = []
    for kind, plan in zip((Seeing, Answering), plans, strict=True):
        stage, folder = kind(judge), Path(options.build) / kind.__name__.lower()

        def loss_of(step: int, stage: nn.Module = stage, device: str = plan.device) -> torch.Tensor:
            rng = random.Random(f"{options.seed}/{type(stage).__name__}/{step}")
            rows = [rng.randrange(len(judge.seen)) for _ in range(options.batch)]
            extra = (rng,) if isinstance(stage, Answering) else ()
            with torch.autocast(device, torch.bfloat16):
                loss: torch.Tensor = stage(judge, rows, *extra)
            return loss

        average = train(stage, loss_of, folder, plan, learning_rate=options.learning_rate, averaging=0.99)
        stage.cpu().load_state_dict(average.state_dict())
        log += [
            f"{kind.__name__.lower()}: {line}" for line in (folder / "log.jsonl").read_text().splitlines()
        ]
    return log


@torch.no_grad()
def measure(judge: Judge, repeats: int = 8, seed: str = "balanced") -> dict[str, float]:
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


def save(judge: Judge, folder: Path) -> str:
    """Save model and processor, weights in half precision; return the weights' SHA-256."""
    judge.model.half().save_pretrained(folder)
    judge.processor.save_pretrained(folder)
    return weights_sha256(folder)


def pool_of(options: argparse.Namespace) -> Pool:
    """Return the pictures that the base learns from; made once, they lie in the build folder."""
    folder = Path(options.build) / "pool"
    return make_pool(options.pictures, options.seed, _diet(options), folder, options.device)


def _diet(options: argparse.Namespace) -> Diet:
    return Diet.without(read_splits(options.splits).strict)


def make_judge(plans: tuple[Plan, Plan], options: argparse.Namespace) -> list[str]:
    """Train, measure and save the base judge; return the log of how it was made, which lies beside it."""
    pool = pool_of(options)
    judge = Judge(_diet(options), options.seed)
    judge.fill(pool, options.device)
    log = [
        f"command: python -m minilab.make_judge, with {json.dumps(vars(options))}",
        f"torch {torch.__version__}, {sum(p.numel() for p in judge.parameters())} parameters",
        f"neither shown nor asked about: {judge.diet.left_out()}",
        *fit(judge, plans, options),
    ]
    judge.model.half().float()  # what is measured is what is saved
    log += [f"{name}: {value:.4f}" for name, value in measure(judge).items()]
    log.append(f"weights sha256: {save(judge, Path(options.out))}")
    write_atomically(Path(options.out) / "training.log", "\n".join(log) + "\n")
    return log


def read_options(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="minilab.make_judge", description=__doc__, allow_abbrev=False)
    parser.add_argument("--splits", default="data/mini/splits.json")
    parser.add_argument("--out", default="data/mini/judge-base")
    parser.add_argument("--build", default=str(BUILD / "judge-base"))
    parser.add_argument("--pictures", type=int, default=16_000)
    parser.add_argument("--steps-to-see", type=int, default=400)
    parser.add_argument("--steps-to-answer", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> None:
    """Train, measure and save the base judge."""
    options = read_options(argv)
    see, answer = options.steps_to_see, options.steps_to_answer
    plans = Plan(see, device=options.device), Plan(answer, device=options.device)
    print(*make_judge(plans, options)[-7:], f"base judge saved in {options.out}", sep="\n")


if __name__ == "__main__":
    sys.exit(main())
