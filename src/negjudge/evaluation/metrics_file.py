"""metrics.json: all figures of an evaluated run, as tables, figures, report and card read them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.data.durable import write_atomically
from negjudge.data.nested import from_dict, parsed
from negjudge.data.runs import EXTERNAL, JUDGE, LABELS, METRICS, SAMPLES
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.candidates import Role
from negjudge.evaluation.judges.polarity import Polarity
from negjudge.evaluation.judges.quality import Gain, JudgeRow, Reliability
from negjudge.evaluation.labels.few import FewLabels
from negjudge.evaluation.methods.pairs import PairRow
from negjudge.evaluation.methods.ranking import Ranking
from negjudge.evaluation.methods.specificity import Specificity
from negjudge.evaluation.methods.table import Comparison, MethodRow
from negjudge.evaluation.tradeoffs.tables import ContestTables
from negjudge.evaluation.wording import source_names
from negjudge.judge.endpoint.ledger import Cost
from negjudge.judge.settings import FILE as SETTINGS
from negjudge.labeling.agreement import Agreement
from negjudge.oracle.check import OracleError

FORMAT = 5
DIGITS = 6  # to which figures are rounded


@dataclass(frozen=True)
class Finding:
    """What the page's first sentence says: the best method's success against none's, by one source."""

    source: str
    best: MethodRow
    unguided: MethodRow
    comparison: Comparison


@dataclass(frozen=True)
class LabelCheck:
    """How often the labels say what the oracle says; a rate, no interval: the pictures are related."""

    question: str
    pictures: int
    agree: float


@dataclass(frozen=True)
class Generator:
    """What made pictures of the run."""

    model: str
    revision: str
    steps: int
    device: str
    dtype: str


@dataclass(frozen=True)
class Provenance:
    """What was measured, and by what. ``sources`` are those of votes; ``judges`` the names by role.

    ``files`` are the SHA-256 of the files whose change makes all this stale.
    """

    models: tuple[Generator, ...]
    samples: int
    control: int
    external: int
    votes: int
    sources: tuple[str, ...]
    reader: str | None
    base: str | None
    judges: Mapping[Role, str]
    pairs: str
    splits: str
    draws: int
    files: Mapping[str, str]
    python: str
    machine: str
    packages: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """All figures of a run; a section without input is empty, or ``None``.

    ``methods`` and ``comparisons`` are by source; ``unanswered`` counts pictures by judge and method;
    ``left_out`` says why judges are not there.
    """

    format: int = FORMAT
    note: str
    finding: Finding | None
    methods: Mapping[str, tuple[MethodRow, ...]]
    unanswered: Mapping[Role, Mapping[str, int]]
    comparisons: Mapping[str, tuple[Comparison, ...]]
    contest: ContestTables | None
    ranking: Ranking | None
    few_labels: FewLabels | None
    pairs: tuple[PairRow, ...]
    specificity: tuple[Specificity, ...]
    judges: tuple[JudgeRow, ...]
    gains: tuple[Gain, ...]
    polarities: tuple[Polarity, ...]
    reliability: tuple[Reliability, ...]
    agreement: tuple[Agreement, ...]
    labels: tuple[LabelCheck, ...]
    oracle_check: tuple[OracleError, ...]
    left_out: Mapping[Role, str]
    costs: tuple[Cost, ...]
    provenance: Provenance

    @property
    def source_names(self) -> Mapping[str, str]:
        """What tables call each source."""
        return source_names(self.provenance.sources)


def files_measured(run: Path) -> dict[str, str]:
    """Return the SHA-256 of the files whose change makes metrics.json stale, as far as they are there."""
    paths = [run / SAMPLES, run / EXTERNAL / SAMPLES, run / LABELS, run / JUDGE / SETTINGS]
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }


def write_metrics(run: Path, metrics: Metrics) -> None:
    """Write metrics.json: figures rounded, and null for nan, which JSON does not have."""
    write_atomically(run / METRICS, json.dumps(_rounded(metrics), indent=1, allow_nan=False) + "\n")


def read_metrics(run: Path) -> Metrics:
    """Return what the evaluation wrote; NegjudgeError where it has not, or wrote it of other files."""
    path = run / METRICS
    try:
        content = parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NegjudgeError(f"{path} is missing; run `make eval` first") from None
    except ValueError:
        raise NegjudgeError(f"{path} is not valid JSON; run `make eval` again") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise NegjudgeError(f"{path} is of another version of negjudge; run `make eval` again")
    try:
        metrics = from_dict(content, Metrics, str(path), nan=True)
    except NegjudgeError as error:
        raise NegjudgeError(f"{error}; run `make eval` again") from None
    if metrics.provenance.files != files_measured(run):
        raise NegjudgeError(f"{path} is of other pictures, labels or judge; run `make eval` again")
    return metrics


def _rounded(value: Any) -> Any:
    """Return dataclasses as dicts, tuples as lists, floats rounded, and ``None`` for what is no number."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _rounded(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    if isinstance(value, float):
        return round(value, DIGITS) if math.isfinite(value) else None
    return value
