"""Which judges an evaluation asks, by the recipe; and which it leaves out, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from negjudge.data.durable import files_sha256
from negjudge.data.runs import JUDGE
from negjudge.evaluation.recipe import JudgeModel, LocalModel
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
    judge: JudgeModel
    own: bool = False

    @cached_property
    def name(self) -> str:
        """The role and what tells this judge from others of that role, as in "tuned@1a2b3c4d"."""
        return f"{self.role}@{_fingerprint(self.judge)}"


def candidates_of(
    run: Path,
    base: str | None,
    tuned: str | None,
    further: Mapping[Role, JudgeModel],
    device: str | None = None,
) -> Iterator[Candidate]:
    """Yield the judges to ask: the base, the tuned one (the run's own unless named), and further ones."""
    if base:
        yield Candidate(BASE, LocalModel(source=base, device=device, asked="all"), own=True)
    source = tuned or str(run / JUDGE)
    yield Candidate(TUNED, LocalModel(source=source, device=device, asked="all"), own=True)
    for role, judge in further.items():
        if judge.kind == "endpoint":
            yield Candidate(role, judge)
        else:
            yield Candidate(role, replace(judge, device=judge.device or device))


def left_out(candidates: Sequence[Candidate], has_oracle: bool) -> dict[Role, str]:
    """Return why candidates are not asked, by role: their folders are missing.

    Where no oracle reads the pictures, the base is asked also without a tuned judge to compare with.
    """
    found = {
        candidate.role: f"there is no folder {candidate.judge.source}"
        for candidate in candidates
        if _is_missing(candidate.judge)
    }
    if has_oracle and TUNED in found and any(candidate.role == BASE for candidate in candidates):
        found.setdefault(BASE, "it is asked to compare the tuned judge with, which is missing")
    return found


def _is_missing(judge: JudgeModel) -> bool:
    """Tell whether a judge's folder is not there."""
    return not (judge.kind == "endpoint" or Path(judge.source).is_dir() or is_hub_id(judge.source))


def _fingerprint(judge: JudgeModel) -> str:
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
