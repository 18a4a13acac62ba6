"""Does packed training cost accuracy? The mini base tuned both ways on renders labelled by truth, over seeds.

    python -m studies.packing [--pictures 12] [--seeds 3] [--epochs 2] [--run build/packing]

Prints a row a form and seed, as each is done: validation loss, and how often the element's questions are
answered rightly on the validation pairs.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minilab.render import render
from minilab.world import OBJECTS
from negjudge import Judge
from negjudge.data.pairs import read_pairs
from negjudge.data.records import Pair, Sample, sample_id
from negjudge.data.splits import read_splits
from negjudge.errors import command
from negjudge.judge.loading import load_processor
from negjudge.judge.settings import JudgeSettings
from negjudge.training.data import GROUPS, Labelled, rows
from negjudge.training.loop import tune
from negjudge.training.recipe import LoraSettings, TrainRecipe


@dataclass(frozen=True)
class Form:
    """A way to train: questions a step, packed or not."""

    packed: bool
    batch: int

    def __str__(self) -> str:
        return f"{'packed' if self.packed else 'one by one'}, {self.batch} questions a step"


FORMS = (Form(False, 32), Form(True, 32), Form(False, 12), Form(True, 12))


def labelled(run: Path, pair: Pair, count: int) -> Iterator[Labelled]:
    """Yield renders of a pair's object, each of its parts there or not by a coin, with the truth as label."""
    for seed in range(count):
        rng, identity = random.Random(f"{pair.id}/{seed}"), sample_id(pair=pair.id, seed=seed)
        parts = [part for part in OBJECTS[pair.object].parts if rng.random() < 0.5]
        path = run / "images" / f"{identity}.png"
        render(pair.object, parts, seed=rng.randrange(2**31)).save(path)
        sample = Sample(
            id=identity,
            pair=pair.id,
            object=pair.object,
            element=pair.element,
            prompt=pair.prompt,
            negative=pair.negative,
            method="none",
            params={},
            seed=seed,
            image=f"images/{identity}.png",
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            model="renderer",
            revision="0",
            steps=1,
            width=64,
            height=64,
            device="cpu",
            dtype="float32",
        )
        yield Labelled(sample, 1.0, float(pair.element in parts), None, pair.asked)


def recipe_for(options: argparse.Namespace, form: Form, seed: int) -> TrainRecipe:
    """Return the mini recipe, but for the form, the seed and the epochs."""
    return TrainRecipe(
        run=options.run,
        base=options.base,
        pairs=options.pairs,
        splits=options.splits,
        absent_objects=1,
        lora=LoraSettings(rank=16, alpha=32, dropout=0.0),
        device="cpu",
        dtype="float32",
        epochs=options.epochs,
        packed=form.packed,
        batch_size=form.batch,
        learning_rate=5e-4,
        evaluations=2,
        seed=seed,
    )


def measure(recipe: TrainRecipe, run: Path, groups: dict[str, list[Labelled]]) -> dict[str, float]:
    """Tune once; return steps, validation loss, the accuracy by either polarity, and CPU seconds."""
    processor = load_processor(Path(recipe.base))
    train, held = (rows(groups[g], run, processor.tokenizer, recipe.absent_objects, seed=0) for g in GROUPS)
    work = run / "work"
    shutil.rmtree(work, ignore_errors=True)
    started = time.process_time()
    tuned = tune(recipe, Path(recipe.base), processor, train, held, work)
    seconds = time.process_time() - started
    present, absent = accuracies(tuned, run, groups[GROUPS[1]])
    return {
        "steps": tuned.record["steps"],
        "loss": tuned.record["validation_loss"],
        "present": present,
        "absent": absent,
        "seconds": seconds,
    }


def accuracies(tuned: Any, run: Path, held: Sequence[Labelled]) -> tuple[float, float]:
    """Return how often "shows the element" and "lacks it" are answered rightly."""
    judge = Judge(tuned.model.get_base_model(), tuned.processor, JudgeSettings())
    objects, elements = zip(*(one.nouns for one in held), strict=True)
    answers = judge.answers([run / one.sample.image for one in held], objects, elements)
    right = [
        ((answer.margins[2] > 0) == bool(one.element), (answer.margins[3] > 0) != bool(one.element))
        for answer, one in zip(answers, held, strict=True)
        if not isinstance(answer, str)
    ]
    present, absent = (statistics.mean(map(float, column)) for column in zip(*right, strict=True))
    return present, absent


def read_options(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="studies.packing", description=__doc__, allow_abbrev=False)
    parser.add_argument("--run", default="build/packing")
    parser.add_argument("--base", default="data/mini/judge-base")
    parser.add_argument("--pairs", default="data/mini/pairs.jsonl")
    parser.add_argument("--splits", default="data/mini/splits.json")
    parser.add_argument("--pictures", type=int, default=12, help="of each pair")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=float, default=2.0)
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> None:
    """Make the pictures, train every form with every seed, and print the figures and their means."""
    options = read_options(argv)
    run, pairs = Path(options.run), read_pairs(options.pairs)
    (run / "images").mkdir(parents=True, exist_ok=True)
    splits = read_splits(options.splits)
    groups = {
        g: [one for i in splits.judge[g] for one in labelled(run, pairs[i], options.pictures)] for g in GROUPS
    }
    print(", ".join(f"{len(found)} pictures of {group}" for group, found in groups.items()))
    print("| form | seed | steps | validation loss | shows | lacks | CPU seconds |\n" + "|---" * 7 + "|")
    found: dict[Form, list[float]] = {}
    for seed in range(options.seeds):
        for form in FORMS:
            row = measure(recipe_for(options, form, seed), run, groups)
            found.setdefault(form, []).append(row["loss"])
            print(
                f"| {form} | {seed} | {row['steps']:.0f} | {row['loss']:.4f} | {row['present']:.3f}"
                f" | {row['absent']:.3f} | {row['seconds']:.0f} |",
                flush=True,
            )
    for form, losses in found.items():
        spread = statistics.stdev(losses) if len(losses) > 1 else 0.0
        print(f"{form}: validation loss {statistics.mean(losses):.4f}, standard deviation {spread:.4f}")


if __name__ == "__main__":
    sys.exit(main())
