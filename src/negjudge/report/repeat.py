"""What it takes to make the figures again: commands, recipes, settings, the hashes of what was measured."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from negjudge.data.pairs import pairs_files
from negjudge.data.runs import FROZEN
from negjudge.evaluation.evidence.candidates import TUNED
from negjudge.evaluation.metrics_file import Metrics
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.judge.settings import FILE, read_judge_settings

STAGES = {"tune": "generate", "generate": "generate", "label": "labeling", "train": "train"}
WIDTH = 110


@dataclass(frozen=True)
class Repeat:
    """The commands, a line each; texts by name; files with their SHA-256, as ``sha256sum -c`` reads them."""

    commands: tuple[str, ...]
    texts: Mapping[str, str]
    hashes: tuple[str, ...]


def repeat(recipe: EvalRecipe, run: Path, metrics: Metrics, judge: Path | None) -> Repeat:
    """Return what it takes to repeat a run; the stages' recipes are those that have the run's name.

    ``judge`` is the folder of the tuned judge that was measured, where there is one.
    """
    texts = {"The evaluation’s recipe, every key as it was": _yaml(dataclasses.asdict(recipe))}
    if recipe.settings and Path(recipe.settings).is_file():
        texts[f"{recipe.settings}: each method’s setting, and the search that found it"] = _text(
            recipe.settings
        )
    for folder in dict.fromkeys(STAGES.values()):
        path = Path(folder) / "recipes" / f"{run.name}.yaml"
        if path.is_file():
            texts[f"{path}, as it is now"] = _without_names(_text(path))
    training = read_judge_settings(judge).training if judge and (judge / FILE).is_file() else {}
    if training:
        texts["The judge’s training, as it was"] = _yaml(training)
    if metrics.contest:
        texts[f"{run / FROZEN}: what was decided before a test picture was made"] = _text(run / FROZEN)
    commands = _contest_commands(recipe, run, metrics) if metrics.contest else _commands(run)
    return Repeat(commands, texts, tuple(_hashes(recipe, run, metrics)))


def _commands(run: Path) -> tuple[str, ...]:
    """Return the commands of the run's profile, as far as there are recipes of its name."""
    known = [s for s, folder in STAGES.items() if (Path(folder) / "recipes" / _file(s, run)).is_file()]
    profile = f" PROFILE={run.name}"
    first = f"make tune{profile}   # finds the settings; they are committed, so this can be left out"
    main = " ".join(stage for stage in known if stage != "tune")
    return (
        "make install",
        *([first] if "tune" in known else []),
        *([f"make {main}{profile}"] if main else []),
        f"make eval report{profile}",
    )


def _contest_commands(recipe: EvalRecipe, run: Path, metrics: Metrics) -> tuple[str, ...]:
    """Return the commands of a contest, by its recipe where one has the run's name.

    Before it comes what trains a judge of another run, after it what labels the contest's own pictures.
    """
    folder = Path("eval/recipes/contest")
    names = [
        name for name in (run.name, run.name.removesuffix("-contest")) if (folder / f"{name}.yaml").is_file()
    ]
    contest = "python -m eval.contest --config RECIPE.yaml   # the recipe below, in a file"
    if names:
        contest = f"make contest CONTEST={names[0]}"
    judge = Path(recipe.tuned).parent.name if recipe.tuned and TUNED in metrics.methods else ""
    trained = judge and _has_recipe("train", judge)
    labelled = "labels" in metrics.methods and _has_recipe("label", run.name)
    return (
        "make install",
        *([f"make generate label train PROFILE={judge}   # the tuned judge"] if trained else []),
        contest,
        *([f"make label LABEL={run.name}", contest] if labelled else []),
    )


def _has_recipe(stage: str, name: str) -> bool:
    return (Path(STAGES[stage]) / "recipes" / f"{name}.yaml").is_file()


def _file(stage: str, run: Path) -> str:
    return f"{run.name}-tune.yaml" if stage == "tune" else f"{run.name}.yaml"


def _hashes(recipe: EvalRecipe, run: Path, metrics: Metrics) -> list[str]:
    measured = {str(run / name): found for name, found in metrics.provenance.files.items()}
    read = (recipe.splits, recipe.settings, recipe.history, recipe.oracle_check)
    for path in (*pairs_files(recipe.pairs), *(Path(name) for name in read if name)):
        if path.is_file():
            measured[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return [f"{found}  {path}" for path, found in measured.items()]


def _without_names(recipe: str) -> str:
    """Return a recipe's text as it is; one of people's labels is told without the people's names."""
    content = yaml.safe_load(recipe)
    if not isinstance(content, dict) or content.get("source") != "people":
        return recipe
    return _yaml({**content, "annotators": f"{len(content.get('annotators', []))} people"})


def _text(path: str | Path) -> str:
    return Path(path).read_text(encoding="utf-8").strip()


def _yaml(content: object) -> str:
    plain = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=WIDTH)
    return str(plain).strip()
