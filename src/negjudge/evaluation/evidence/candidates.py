"""Which judges an evaluation asks, by the recipe; and which it leaves out, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from negjudge.data.durable import files_sha256
from negjudge.data.runs import JUDGE
from negjudge.evaluation.recipe import EvalRecipe, JudgeRecipe
from negjudge.hub_ids import is_hub_id

Role = str  # the name that tables show: "tuned", "base", or one that the recipe gives
TUNED, BASE = "tuned", "base"


@dataclass(frozen=True)
class Candidate:
    """A judge to ask: its role in the comparison, and what it is.

    ``own`` tells the run's own judges, without which the evaluation is not what was asked for, from further
    ones, which are left out where they cannot be asked.
    """

    role: Role
    judge: JudgeRecipe
    own: bool = False

    @cached_property
    def name(self) -> str:
        """The role and what tells this judge from others of that role, as in "tuned@1a2b3c4d"."""
        return f"{self.role}@{_fingerprint(self.judge)}"


def judges_of(recipe: EvalRecipe, run: Path) -> list[Candidate]:
    """Return the judges to ask: the base, the tuned one, and the further ones of the recipe."""
    missing = left_out(recipe, run)
    return [candidate for candidate in _wanted(recipe, run) if candidate.role not in missing]


def left_out(recipe: EvalRecipe, run: Path) -> dict[Role, str]:
    """Return why judges are not asked, by role: their folders are missing.

    Where no oracle reads the pictures, the base is asked also without a tuned judge to compare with.
    """
    found = {
        candidate.role: f"there is no folder {candidate.judge.source}"
        for candidate in _wanted(recipe, run)
        if _is_missing(candidate.judge)
    }
    if recipe.base and recipe.reader and TUNED in found:
        found.setdefault(BASE, "it is asked to compare the tuned judge with, which is missing")
    return found


def _wanted(recipe: EvalRecipe, run: Path) -> Iterator[Candidate]:
    if recipe.base:
        yield Candidate(BASE, JudgeRecipe(source=recipe.base, device=recipe.device, asked="all"), own=True)
    tuned = recipe.tuned or str(run / JUDGE)
    yield Candidate(TUNED, JudgeRecipe(source=tuned, device=recipe.device, asked="all"), own=True)
    for role, judge in recipe.judges.items():
        yield Candidate(role, replace(judge, device=judge.device or recipe.device))


def _is_missing(judge: JudgeRecipe) -> bool:
    """Tell whether a judge's folder is not there."""
    return not (judge.kind == "endpoint" or Path(judge.source).is_dir() or is_hub_id(judge.source))


def _fingerprint(judge: JudgeRecipe) -> str:
    """Return 8 hex digits over the weights and settings in a folder, or over what names a model elsewhere."""
    folder, head = Path(judge.source), ""
    if judge.kind == "endpoint":
        head = json.dumps([judge.source, judge.parameters], sort_keys=True)
    elif not folder.is_dir():
        head = f"{judge.source}@{judge.revision}" if judge.revision else judge.source
    if judge.kind != "local":
        head += judge.kind
    files: list[Path] = []
    if judge.kind != "endpoint":
        files = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.json"))
    return files_sha256(files, head.encode(), named=True)[:8]
