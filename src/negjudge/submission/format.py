"""What a submission is: claims in submission.json, one outcome a picture in outcomes.jsonl or .csv."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from negjudge.data.durable import write_atomically
from negjudge.data.records import Pair, Params, Sample, write_records
from negjudge.evaluation.evidence.scored import Scored
from negjudge.evaluation.methods.table import Comparison, MethodRow, comparisons, methods_table
from negjudge.statistics.clusters import Interval

FORMAT = 1
CLAIMS, OUTCOMES, OUTCOMES_CSV = "submission.json", "outcomes.jsonl", "outcomes.csv"
DIGITS = 6  # to which figures are rounded

OutcomeSource = str  # "oracle", "labels", or a judge's name


@dataclass(frozen=True)
class OutcomeLine:
    """What one source says of one picture; ``collateral`` is None where it does not tell.

    The oracle and the annotators say true or false, a judge how probable it is.
    """

    source: OutcomeSource
    pair: str
    method: str
    seed: int
    sha256: str
    kept: bool | float
    removed: bool | float
    success: bool | float
    collateral: float | None = None


@dataclass(frozen=True)
class Benchmark:
    """Which pairs were measured: the folder's name in data/, and the SHA-256 of its two files."""

    name: str
    pairs_sha256: str
    splits_sha256: str


@dataclass(frozen=True)
class Search:
    """How a method's setting was found: what was spent, and on which pairs."""

    sampler: str
    trials: int
    evaluations: int
    dev_pairs: tuple[str, ...]


@dataclass(frozen=True)
class Entrant:
    """A method as it was run; ``steps`` and ``evaluations`` of one picture are None where nobody knows."""

    method: str
    settings: Params
    model: str
    revision: str
    steps: int | None
    evaluations: int | None
    search: Search | None


@dataclass(frozen=True)
class Witness:
    """Who said what of the pictures: the reader, the annotators, or a judge with 8 hex over its weights."""

    source: OutcomeSource
    name: str
    fingerprint: str = ""


@dataclass(frozen=True)
class Figures:
    """A method's figures by one source."""

    source: OutcomeSource
    method: str
    pictures: int
    pairs: int
    success: Interval
    kept: Interval
    removed: Interval
    collateral: Interval | None


@dataclass(frozen=True)
class Gap:
    """How one method differs from another; see ``negjudge.evaluation.methods.table.Comparison``."""

    source: OutcomeSource
    measure: str
    first: str
    second: str
    paired_by: str
    pictures: int
    pairs: int
    estimate: float
    low: float | None
    high: float | None
    p: float | None
    adjusted: float | None


@dataclass(frozen=True)
class Submission:
    """All that is claimed. Where budgets are not equal, ``budgets_note`` says how they differ."""

    format: int
    benchmark: Benchmark
    methods: tuple[Entrant, ...]
    equal_budgets: bool
    budgets_note: str
    witnesses: tuple[Witness, ...]
    draws: int
    figures: tuple[Figures, ...]
    differences: tuple[Gap, ...]
    note: str
    contact: str = ""
    licence: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


def write_submission(folder: Path, claims: Submission, outcomes: Iterable[OutcomeLine]) -> None:
    """Write both files; claims last, so that a folder with claims is whole."""
    write_records(folder / OUTCOMES, outcomes)
    text = json.dumps(dataclasses.asdict(claims), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(folder / CLAIMS, text + "\n")


# ---- figures


def figures_of(
    outcomes: Sequence[OutcomeLine],
    entrants: Sequence[Entrant],
    pairs: Mapping[str, Pair],
    draws: int,
) -> tuple[tuple[Figures, ...], tuple[Gap, ...]]:
    """Return every figure and difference that outcomes give, with our statistics, whatever their order."""
    by_method = {entrant.method: entrant for entrant in entrants}
    figures: list[Figures] = []
    gaps: list[Gap] = []
    for source in dict.fromkeys(line.source for line in outcomes):
        scored = [
            _scored(line, by_method[line.method], pairs[line.pair])
            for line in outcomes
            if line.source == source
        ]
        figures += [_figures(source, row) for row in methods_table(scored, draws)]
        gaps += [_gap(source, found) for found in comparisons(scored, draws)]
    return tuple(figures), tuple(gaps)


def _scored(line: OutcomeLine, entrant: Entrant, pair: Pair) -> Scored:
    sample = Sample(
        id="", pair=pair.id, object=pair.object, element=pair.element, prompt=pair.prompt,
        negative=pair.negative, method=line.method, params=entrant.settings, seed=line.seed, image="",
        sha256=line.sha256, model=entrant.model, revision=entrant.revision, steps=entrant.steps or 0,
        width=0, height=0, device="", dtype="",
    )  # fmt: skip
    return Scored(sample, line.kept, line.removed, line.success, line.collateral)


def _figures(source: OutcomeSource, row: MethodRow) -> Figures:
    return Figures(
        source,
        row.method,
        row.pictures,
        row.pairs,
        success=_rounded(row.success),
        kept=_rounded(row.kept),
        removed=_rounded(row.removed),
        collateral=None if row.collateral is None else _rounded(row.collateral),
    )


def _gap(source: OutcomeSource, found: Comparison) -> Gap:
    difference = found.difference
    return Gap(
        source,
        found.measure,
        found.first,
        found.second,
        found.paired_by,
        found.pictures,
        found.pairs,
        estimate=round(difference.estimate, DIGITS),
        low=_round(difference.low),
        high=_round(difference.high),
        p=_round(difference.p),
        adjusted=_round(difference.adjusted),
    )


def _rounded(interval: Interval) -> Interval:
    return Interval(round(interval.estimate, DIGITS), _round(interval.low), _round(interval.high))


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
