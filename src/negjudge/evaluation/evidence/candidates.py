"""Which judges an evaluation asks, by the recipe; and which it leaves out, and why."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from negjudge.data.runs import JUDGE
from negjudge.evaluation.recipe import JudgeModel, LocalModel

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
    """Tell a folder that is not there from a Hub id, whose first half is no folder here."""
    if judge.kind == "endpoint" or Path(judge.source).is_dir():
        return False
    return not re.fullmatch(r"[\w.-]+/[\w.-]+", judge.source) or Path(judge.source).parent.is_dir()


def _fingerprint(judge: JudgeModel) -> str:
    """Return 8 hex digits over the weights and settings in a folder, or over what names a model elsewhere."""
    folder = Path(judge.source)
    digest = hashlib.sha256()
    if judge.kind == "endpoint":
        digest.update(json.dumps([judge.source, judge.parameters], sort_keys=True).encode())
    elif not folder.is_dir():
        digest.update(
            f"{judge.source}@{judge.revision}".encode() if judge.revision else judge.source.encode()
        )
    if judge.kind != "local":
        digest.update(judge.kind.encode())
    if judge.kind != "endpoint":
        for path in sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.json")):
            digest.update(path.name.encode())
            with open(path, "rb") as file:
                while chunk := file.read(1 << 24):
                    digest.update(chunk)
    return digest.hexdigest()[:8]
