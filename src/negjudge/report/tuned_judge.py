"""Where the tuned judge of a run lies, and whether it is still the one that was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.data.runs import JUDGE
from negjudge.evaluation.evidence.candidates import TUNED, Candidate
from negjudge.evaluation.recipe import EvalRecipe, LocalModel

CURVES = "curves.jsonl"


@dataclass(frozen=True)
class TunedJudge:
    """The folder that tells of the judge's training; ``None`` with the reason why none does."""

    folder: Path | None
    absent: str = ""


def tuned_judge(recipe: EvalRecipe, run: Path, metrics: Mapping[str, Any]) -> TunedJudge:
    """Return where the measured judge lies: where the recipe says, else in the run's ``judge/``."""
    source = recipe.tuned or str(run / JUDGE)
    measured = metrics["provenance"]["judges"].get(TUNED)
    if measured is None:
        return TunedJudge(None, "no tuned judge was measured.")
    if Candidate(TUNED, LocalModel(source=source), own=True).name != measured:
        return TunedJudge(None, f"{source} holds another judge by now than the one that was measured.")
    return TunedJudge(Path(source), f"there is no {Path(source) / CURVES}.")
