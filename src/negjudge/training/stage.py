"""The training stage: which work is left, the tuning, the calibration, and the judge's folder at the end."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negjudge.data.pairs import read_pairs
from negjudge.data.runs import JUDGE, locked, read_picture, require_free_space
from negjudge.data.splits import sound_splits
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import find_judge, load_processor, weights_sha256
from negjudge.judge.prompts import SYSTEM, TEMPLATE_VERSION
from negjudge.judge.settings import (
    Base,
    Calibration,
    JudgeSettings,
    read_judge_settings,
    write_judge_settings,
)
from negjudge.judge.verdicts import Answers
from negjudge.oracle.readings import read_pictures
from negjudge.progress import progress_bar
from negjudge.training.calibration import calibrate
from negjudge.training.data import (
    Material,
    allowed_parts,
    apart,
    choose,
    held_out,
    held_out_objects,
    of_judge,
    read_labelled,
    rows,
)
from negjudge.training.recipe import CURVES, TrainRecipe

if TYPE_CHECKING:
    from negjudge.training.loop import Tuned

WORK = "judge-checkpoints"
# Keys that are younger than judges: at these values a training is the one that it was without them.
_LATER_KEYS = {"ask": "element", "visible": "dropped", "packed": False, "cache_features": True}
COMPARED = 8  # pictures on which the reloaded judge is compared with the one in memory


@dataclass(frozen=True)
class Plan:
    """What is trained on what, and where; ``fingerprint`` tells it from every other training."""

    recipe: TrainRecipe
    run: Path
    base: Base
    base_folder: Path
    material: Material

    @property
    def judge(self) -> Path:
        """Where the judge goes."""
        return self.run / JUDGE

    @property
    def work(self) -> Path:
        """Where this training keeps its checkpoints."""
        return self.run / WORK / self.fingerprint

    @cached_property
    def processor(self) -> Any:
        """The base's processor, loaded once, when first needed: a finished judge needs none."""
        return load_processor(self.base_folder)

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits over the recipe, the base, the prompts, and every picture with its labels."""
        recipe = {
            key: value
            for key, value in dataclasses.asdict(self.recipe).items()
            if key not in ("run", "base") and (key, value) not in _LATER_KEYS.items()
        }
        weights = self.base.sha256 or [self.base.id, self.base.revision]
        pictures = [
            [
                [one.sample.id, one.sample.sha256, one.nouns, one.object, one.element, one.quality]
                + [dataclasses.astuple(part) for part in one.parts]
                for one in group
            ]
            for group in (self.material.train, self.material.validation)
        ]
        facts = [recipe, weights, TEMPLATE_VERSION, SYSTEM, pictures]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def finished(self) -> bool:
        """Tell whether the judge in the run folder is the one that this training makes."""
        try:
            return read_judge_settings(self.judge).training.get("fingerprint") == self.fingerprint
        except NegjudgeError:  # broken, or of another version: to be made anew
            return False


def train(recipe: TrainRecipe, run: Path) -> Path:
    """Tune, calibrate and save the judge of a run; return its folder. Done already, it only says so.

    A killed training goes on from its last checkpoint; other labels or another recipe make another training.
    Raises NegjudgeError where samples, labels, pictures, splits or the base are missing or do not fit.
    """
    with locked(run, "train") if _is_main() else contextlib.nullcontext():
        plan = make_plan(recipe, run)
        if plan.finished():
            print(f"the judge in {plan.judge} is trained on these labels already; nothing to do")
            return plan.judge
        require_free_space(run, 200)
        tuned = _tune(plan)
        if _is_main():
            record = _save(plan, tuned)
            _publish(plan.work / JUDGE, plan.judge)
            shutil.rmtree(run / WORK)
            print(_summary(record, plan.judge))
    return plan.judge


def _is_main() -> bool:
    """Tell the process that writes from those that accelerate started beside it."""
    return os.environ.get("RANK", "0") == "0"


def make_plan(recipe: TrainRecipe, run: Path) -> Plan:
    """Read what the training needs, and check it before anything heavy starts."""
    pairs = read_pairs(recipe.pairs)
    splits = sound_splits(recipe.splits, pairs)
    labelled = read_labelled(run, pairs)
    # Only now, when nothing local is missing: it may be a long download.
    folder = find_judge(recipe.base, recipe.revision)
    samples = [one.sample for one in of_judge(labelled, splits)]
    for sample in samples:
        read_picture(run, sample)  # which raises, where it is not the recorded one
    shown: dict[str, set[str]] = {}
    if recipe.reader is not None:
        readings = read_pictures(run, samples, recipe.reader)
        shown = {i: {*seen.parts, *([seen.object] if seen.object else [])} for i, seen in readings.items()}
    hidden, objects = held_out(splits, pairs), held_out_objects(splits, pairs)
    may_show = hidden - objects if recipe.visible == "masked" else ()
    allowed = allowed_parts(recipe.ask, splits, pairs)
    material = choose(labelled, splits, hidden, shown, allowed, may_show)
    return Plan(recipe, run, _base(recipe, folder, run / JUDGE), folder, material)


def _base(recipe: TrainRecipe, folder: Path, judge: Path) -> Base:
    if folder == Path(recipe.base):
        return Base(recipe.base, path=os.path.relpath(folder, judge), sha256=weights_sha256(folder))
    return Base(recipe.base, revision=folder.name)  # a snapshot's folder is named by its commit


def _tune(plan: Plan) -> Tuned:
    from negjudge.training.loop import (
        tune,  # TRL takes seconds to import, and a finished judge needs none of it
    )

    train_rows, validation_rows = (
        rows(part, plan.run, plan.processor.tokenizer, plan.recipe.absent_objects, plan.recipe.seed)
        for part in (plan.material.train, plan.material.validation)
    )
    return tune(plan.recipe, plan.base_folder, plan.processor, train_rows, validation_rows, plan.work)


def _save(plan: Plan, tuned: Tuned) -> dict[str, Any]:
    """Save the LoRA beside its processor, load it as anybody would, and calibrate what was loaded.

    Returns what judge.json records of the training.
    """
    folder = plan.work / JUDGE
    shutil.rmtree(folder, ignore_errors=True)
    tuned.model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)  # peft's, an empty form; `make card` writes the real one
    tuned.processor.save_pretrained(folder)
    shutil.copy(plan.work / CURVES, folder / CURVES)
    write_judge_settings(folder, JudgeSettings(base=plan.base))
    calibration, difference = _calibrate(plan, tuned, folder)
    training = {
        "fingerprint": plan.fingerprint,
        **tuned.record,
        "pictures": len(plan.material.train),
        "validation_pictures": len(plan.material.validation),
        "left_out_pictures": plan.material.left_out,
        "asked": plan.recipe.ask,
        "visible": plan.recipe.visible,
        "masked_pictures": plan.material.masked,
        "reload_difference": difference,
        "recipe": dataclasses.asdict(plan.recipe),
    }
    write_judge_settings(folder, JudgeSettings(calibration, plan.base, training=training))
    return training


def _calibrate(plan: Plan, tuned: Tuned, folder: Path) -> tuple[Calibration, float]:
    """Return the calibration of the saved judge, and how far its logits are from those in memory."""
    from negjudge.judge.judge import Judge

    device = "cpu" if plan.recipe.device == "cpu" else None
    judge = Judge.from_pretrained(folder, device=device, dtype=tuned.model.dtype)
    in_memory = Judge(tuned.model.get_base_model(), tuned.processor, judge.settings)
    asked = apart(plan.material.validation)
    pictures = [plan.run / one.sample.image for one in asked]
    objects, elements = zip(*(one.nouns for one in asked), strict=True)
    answers = []
    with progress_bar("calibrating the judge", len(pictures), "pictures") as advance:
        for answer in judge.answers(pictures, objects, elements):
            answers.append(_judged(answer))
            advance()
    some = in_memory.answers(pictures[:COMPARED], objects[:COMPARED], elements[:COMPARED])
    difference = max(_distance(_judged(a), b) for a, b in zip(some, answers, strict=False))
    return calibrate(answers, asked, plan.recipe.abstain_error), difference


def _judged(answer: Answers | str) -> Answers:
    if isinstance(answer, str):
        raise NegjudgeError(f"a validation picture cannot be judged: {answer}")
    return answer


def _distance(first: Answers, second: Answers) -> float:
    values = zip((*first.margins, *first.ratings), (*second.margins, *second.ratings), strict=True)
    return max(abs(a - b) for a, b in values)


def _publish(made: Path, judge: Path) -> None:
    """Put the new judge in the place of the old one; killed in between, the training only publishes again."""
    old = judge.with_name(f".{judge.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if judge.exists():
        judge.rename(old)
    made.rename(judge)
    shutil.rmtree(old, ignore_errors=True)


def _summary(facts: Mapping[str, Any], judge: Path) -> str:
    return (
        f"{facts['questions']} questions about {facts['pictures']} pictures, {facts['steps']} steps;"
        f" {facts['left_out_pictures']} pictures left out for showing what is held out{_masked(facts)}\n"
        f"validation loss {facts['validation_loss']:.3f}; the saved judge answers as the one in memory,"
        f" up to {facts['reload_difference']:.1e}\njudge in {judge}"
    )


def _masked(facts: Mapping[str, Any]) -> str:
    shown = facts["masked_pictures"]
    return f", {shown} kept that show a held-out element, which is not asked about" if shown else ""
