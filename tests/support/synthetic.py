"""A run folder made by hand, of real records and real pictures, for tests of what comes after generation.

What each method does, what annotators vote and what judges say is drawn at random with known rates; nothing
here stands for a result. Pictures are PartWorld renders that carry their scene as PNG text, which the reader
``read_files`` reads back.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy.special import expit

from minilab.render import render
from negjudge.data.records import Label, Pair, Sample, Verdict, Vote, append_records, read_records, sample_id
from negjudge.data.splits import read_splits
from negjudge.evaluation.evidence.asks import Ask
from negjudge.evaluation.evidence.evidence import Evidence, candidates_of, questions_for
from negjudge.evaluation.recipe import CardRecipe, EvalRecipe
from negjudge.generation.jobs import seed_of, wrong_negatives
from negjudge.judge.settings import JudgeSettings, write_judge_settings

PAIRS, SPLITS = "data/mini/pairs.jsonl", "data/mini/splits.json"
TESTED = len(read_splits(SPLITS).methods["test"])  # pairs on which methods are compared
NOTE = "Synthetic records drawn at random for a test: nothing here was measured."
# How often a method removes the named element, loses the object, and loses each other part.
RATES: dict[str, tuple[float, float, float]] = {
    "none": (0.0, 0.01, 0.0),
    "vsf": (0.80, 0.06, 0.12),
    "nag": (0.40, 0.12, 0.20),
}


_templates: dict[tuple[bool, bool, bool], Path] = {}


@dataclass(frozen=True)
class Seen:
    """What the reader found in a picture."""

    object: str | None
    parts: tuple[str, ...]
    residual: float
    difficulty: float


def read_files(paths: Sequence[Path]) -> list[Seen]:
    """Read the scenes back that ``make_run`` wrote into the pictures."""
    found = []
    for path in paths:
        with Image.open(path) as image:
            scene = json.loads(image.text["scene"])  # type: ignore[attr-defined]
        found.append(Seen(scene["object"], tuple(scene["parts"]), scene["residual"], scene["residual"]))
    return found


def recipe_for(run: Path, **changes: object) -> EvalRecipe:
    """Return the recipe of a synthetic run, with few draws."""
    values: dict[str, object] = {
        "run": str(run),
        "pairs": PAIRS,
        "splits": SPLITS,
        "reader": "synthetic:read_files",
        "base": str(run.parent / "base"),
        "control_pictures": 80,
        "draws": 40,
        "title": "A synthetic run",
        "note": NOTE,
        "card": CardRecipe(licence="apache-2.0"),
    }
    return EvalRecipe(**{**values, **changes})  # type: ignore[arg-type]


def make_run(folder: Path, labels: bool = True, judges: bool = True, control: bool = True) -> Path:
    """Make the run folder ``folder/run`` (and ``folder/base``), and return it."""
    key = (labels, judges, control)
    if key not in _templates:
        _templates[key] = Path(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, _templates[key])
        _draw_run(_templates[key], *key)
    shutil.copytree(_templates[key], folder, dirs_exist_ok=True)
    return folder / "run"


def _draw_run(folder: Path, labels: bool, judges: bool, control: bool) -> None:
    run, rng = folder / "run", random.Random(4)
    pairs, splits = {pair.id: pair for pair in read_records(PAIRS, Pair)}, read_splits(SPLITS)
    samples = [
        _sample(run, pairs[i], method, seed_of(pairs[i], 0), rng)
        for group, ids in splits.judge.items()
        if group != "strict"
        for i in ids
        for method in RATES
    ]
    append_records(run / "samples.jsonl", samples)
    if control:
        wrong = wrong_negatives([pairs[i] for i in splits.methods["test"]], pairs.values())
        made = [
            _sample(run / "control", p, m, seed_of(p, 0), rng) for p in wrong for m in RATES if m != "none"
        ]
        append_records(run / "control" / "samples.jsonl", made)
    if labels:
        _label(run, samples, rng)
    if judges:
        judge_run(folder, run, rng)


def _sample(run: Path, pair: Pair, method: str, seed: int, rng: random.Random) -> Sample:
    """Draw what the method does to the picture, draw the picture, and return its record."""
    determinants = {"pair": pair.id, "negative": pair.negative, "method": method, "seed": seed}
    name = sample_id(**determinants)
    world = random.Random(seed)
    parts = [p for p in (pair.element, *pair.others) if world.random() < (0.9 if pair.essential else 0.6)]
    removal, ruin, spill = RATES[method]
    gone = {p for p in parts if rng.random() < (removal if p == pair.negative else spill)}
    scene = {
        "object": None if rng.random() < ruin else pair.object,
        "parts": [part for part in parts if part not in gone],
        "residual": round(rng.random() * 0.3, 3),
    }
    text = PngInfo()
    text.add_text("scene", json.dumps(scene))
    path = run / "images" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = (
        render(pair.object, scene["parts"], seed) if scene["object"] else Image.effect_noise((64, 64), 60)
    )
    picture.convert("RGB").save(path, pnginfo=text)
    return Sample(
        id=name, pair=pair.id, object=pair.object, element=pair.element, prompt=pair.prompt,
        negative="" if method == "none" else pair.negative, method=method,
        params={} if method == "none" else {"scale": 1.5}, seed=seed, image=f"images/{name}.png",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(), model="synthetic", revision="0", steps=8,
        width=64, height=64, device="cpu", dtype="float32",
    )  # fmt: skip


def _truth(run: Path, sample: Sample) -> tuple[bool, bool]:
    (seen,) = read_files([run / sample.image])
    return seen.object == sample.object, seen.object is not None and sample.element in seen.parts


def _label(run: Path, samples: Sequence[Sample], rng: random.Random) -> None:
    votes, labels = [], []
    for sample in samples:
        for question, truth in zip(("object", "element"), _truth(run, sample), strict=True):
            said = ["yes" if truth == (rng.random() < 0.92) else "no" for _ in range(3)]
            votes += [
                Vote(sample.id, f"annotator-{n}", "simulated", question, answer)  # type: ignore[arg-type]
                for n, answer in enumerate(said, start=1)
            ]
            yes = said.count("yes")
            counts = {"yes": yes, "no": 3 - yes}
            answer = "yes" if yes > 1 else "no"
            labels.append(Label(sample.id, question, answer, yes / 3, counts, "simulated"))  # type: ignore[arg-type]
    append_records(run / "votes.jsonl", votes)
    append_records(run / "labels.jsonl", labels)


def judge_run(folder: Path, run: Path, rng: random.Random | None = None) -> None:
    """Write two judges' folders, which hold no model, and all that they would be asked."""
    rng = rng or random.Random(5)
    for place in (folder / "base", run / "judge"):
        place.mkdir(exist_ok=True)
        write_judge_settings(place, JudgeSettings(training={"steps": 60, "recipe": {"lora": {"rank": 16}}}))
    curve = [{"step": s, "epoch": s / 60, "loss": 1.2 / (1 + s / 10)} for s in range(5, 65, 5)]
    curve += [{"step": s, "epoch": s / 60, "eval_loss": 1.3 / (1 + s / 12)} for s in (15, 30, 45, 60)]
    (run / "judge" / "curves.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in curve))
    recipe = recipe_for(run)
    evidence = _evidence(recipe, run)
    verdicts = [
        _verdict(run, ask, judge.role, judge.name, rng)
        for judge in candidates_of(run, recipe.base, recipe.tuned, {})
        for ask in questions_for(evidence, recipe.control_pictures)
    ]
    append_records(run / "verdicts.jsonl", verdicts)


def _evidence(recipe: EvalRecipe, run: Path) -> Evidence:
    pairs = {pair.id: pair for pair in read_records(recipe.pairs, Pair)}
    return Evidence(run, pairs, read_splits(recipe.splits), read_records(run / "samples.jsonl", Sample))


def _verdict(run: Path, ask: Ask, role: str, name: str, rng: random.Random) -> Verdict:
    kept, present = _truth(run, ask.sample) if ask.view in ("plain", "other") else (None, None)
    kept = False if ask.view == "other" else kept
    # The base leans to "yes" and sees less.
    strength, bias = (4.0, 0.0) if role == "tuned" else (1.6, 1.6)
    margins = {
        topic: bias + rng.gauss(0, 1.5) + (0 if truth is None else strength * (1 if truth else -1) / 2)
        for topic, truth in (("object", kept), ("element", present))
    }
    objects, element = float(expit(margins["object"])), float(expit(margins["element"]))
    success = objects * (1 - element)
    # The base says yes to "lacks" too, nearly always; the tuned judge says what it says of "shows".
    lacks = {topic: 1 + 0.2 * m if name.startswith("base") else -0.8 * m for topic, m in margins.items()}
    details = {f"{topic}.present": margin for topic, margin in margins.items()}
    return Verdict(
        object_present=objects,
        element_present=element,
        success=success,
        abstained=abs(success - 0.5) < 0.1,
        quality=1 + 4 * rng.random(),
        sample=ask.sample.id,
        judge=name + ask.tag,
        details=details | {f"{topic}.absent": margin for topic, margin in lacks.items()},
    )
