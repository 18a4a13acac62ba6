"""Where the tuned judge of a run lies, and whether it is still the one that was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from negjudge.data.runs import JUDGE
from negjudge.evaluation.evidence.candidates import TUNED, Candidate, Role
from negjudge.evaluation.recipe import EvalRecipe, LocalModel
from negjudge.training.recipe import CURVES


@dataclass(frozen=True)
class TunedJudge:
    """The folder that tells of the judge's training; ``None`` with the reason why none does."""

    folder: Path | None
    absent: str = ""


def tuned_judge(recipe: EvalRecipe, run: Path, measured: Mapping[Role, str]) -> TunedJudge:
    """Return where the measured judge lies: where the recipe says, else in the run's ``judge/``.

    ``measured`` are the names of the judges that were measured.
    """
    source = recipe.tuned or str(run / JUDGE)
    if TUNED not in measured:
        return TunedJudge(None, "no tuned judge was measured.")
    if Candidate(TUNED, LocalModel(source=source), own=True).name != measured[TUNED]:
        return TunedJudge(None, f"{source} holds another judge by now than the one that was measured.")
    return TunedJudge(Path(source), f"there is no {Path(source) / CURVES}.")
