"""Checks a submission: everything that can be recomputed is, and every fault is a line."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from negjudge.data.pairs import read_pairs
from negjudge.data.records import Pair
from negjudge.data.splits import Splits, read_splits
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.scored import MEASURES
from negjudge.statistics.clusters import Interval
from negjudge.submission.format import Figures, Gap, OutcomeLine, Submission, figures_of
from negjudge.submission.make import benchmark_of, budgets_fault
from negjudge.submission.reading import read_claims, read_outcomes

TOLERANCE = 1e-6  # figures are rounded to six digits
DRAWS = range(100, 10_001)  # bootstrap draws: fewer give no interval, more are asked for by nobody
SHOWN = 5  # pairs or pictures that one line names


@dataclass(frozen=True)
class Checked:
    """What a check found: the claims, as far as they could be read, and the faults, one line each."""

    claims: Submission | None
    faults: list[str]


def check_submission(folder: Path, pairs: Path | None = None, splits: Path | None = None) -> Checked:
    """Check a submission against a benchmark's files, by default ``data/NAME/`` of the name it gives.

    Raises NegjudgeError where there is no such folder.
    """
    if not folder.is_dir():
        raise NegjudgeError(f"there is no folder {folder}; name one that `negjudge submission make` wrote")
    try:
        claims = read_claims(folder)
        outcomes, faults = read_outcomes(folder)
        if pairs is None or splits is None:
            home = _home(claims.benchmark.name)
            one = home / "pairs.jsonl"
            pairs, splits = pairs or (one if one.exists() else home), splits or home / "splits.json"
        faults += faults_of(claims, outcomes, pairs, splits)
    except NegjudgeError as error:
        return Checked(None, [str(error)])
    return Checked(claims, faults)


def faults_of(claims: Submission, outcomes: Sequence[OutcomeLine], pairs: Path, splits: Path) -> list[str]:
    """Return what is wrong with claims and outcomes by the benchmark's files, one line each."""
    known, parts = read_pairs(pairs), read_splits(splits)
    faults = [
        *_benchmark_faults(claims, pairs, splits),
        *_method_faults(claims, outcomes),
        *_budget_faults(claims, parts),
        *dict.fromkeys(_picture_faults(outcomes)),  # which every source tells alike
        *_coverage_faults(outcomes, parts),
        *_outcome_faults(outcomes),
    ]
    entered = {entrant.method for entrant in claims.methods}
    usable = [line for line in outcomes if line.pair in known and line.method in entered]
    if not usable:
        return [*faults, "outcomes: there is none of a known pair and method"]
    if claims.draws not in DRAWS:
        return faults  # without intervals there is nothing to compare the claims with
    return [*faults, *_figure_faults(claims, usable, known)]


def _home(name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise NegjudgeError(f"benchmark: {name!r} is no name of a folder in data/")
    home = Path("data") / name
    if not home.is_dir():
        raise NegjudgeError(
            f"benchmark: there is no folder {home}; give --pairs and --splits, or run it in the repository"
        )
    return home


def _benchmark_faults(claims: Submission, pairs: Path, splits: Path) -> Iterator[str]:
    here = benchmark_of(claims.benchmark.name, pairs, splits)
    for path, found, stated in (
        (pairs, here.pairs_sha256, claims.benchmark.pairs_sha256),
        (splits, here.splits_sha256, claims.benchmark.splits_sha256),
    ):
        if found != stated:
            yield f"benchmark: {path} has SHA-256 {found[:12]}…, the submission is of {stated[:12]}…"


def _method_faults(claims: Submission, outcomes: Sequence[OutcomeLine]) -> Iterator[str]:
    """Yield methods and witnesses that claims and outcomes do not share, and judges without fingerprint."""
    names = [entrant.method for entrant in claims.methods]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"methods: {name} is there twice"
    for name in _apart(names, [line.method for line in outcomes]):
        yield f"methods: {name} is in {'submission.json' if name in names else 'the outcomes'} alone"
    sources = [witness.source for witness in claims.witnesses]
    for source in _apart(sources, [line.source for line in outcomes]):
        yield f"witnesses: {source} is in {'submission.json' if source in sources else 'the outcomes'} alone"
    for witness in claims.witnesses:
        if witness.source not in ("oracle", "labels") and not re.fullmatch(
            r"[0-9a-f]{8}", witness.fingerprint
        ):
            yield f"witnesses: the judge {witness.source} has no fingerprint of 8 hex digits"


def _budget_faults(claims: Submission, splits: Splits) -> Iterator[str]:
    """Yield searches on test pairs, budgets that are not what is stated, and too few draws."""
    test = set(splits.methods["test"])
    for entrant in claims.methods:
        told = sorted(test.intersection(entrant.search.dev_pairs)) if entrant.search else []
        if told:
            yield f"methods: the setting of {entrant.method} was searched on test pairs: {_some(told)}"
    unequal = budgets_fault(claims.methods)
    if claims.equal_budgets and unequal:
        yield f"budgets: stated to be equal, but {unequal}"
    if not claims.equal_budgets and not claims.budgets_note.strip():
        yield "budgets: stated to be unequal, and budgets_note does not say how"
    if claims.draws not in DRAWS:
        yield f"draws: {claims.draws} bootstrap draws, expected {DRAWS.start} to {DRAWS.stop - 1}"


def _apart(first: Sequence[str], second: Sequence[str]) -> list[str]:
    return sorted(set(first) ^ set(second))


def _picture_faults(outcomes: Sequence[OutcomeLine]) -> Iterator[str]:
    """Yield pictures that are there twice under one name.

    Several names may share a picture, as where guidance did nothing: that is a failure, and no fault.
    """
    places = Counter((line.source, line.pair, line.method, line.seed) for line in outcomes)
    for (source, pair, method, seed), count in places.items():
        if count > 1:
            yield f"outcomes: {source} has {pair}, {method}, seed {seed} {count} times"
    named: dict[tuple[str, str, int], str] = {}
    for line in outcomes:
        key = (line.pair, line.method, line.seed)
        if not re.fullmatch(r"[0-9a-f]{64}", line.sha256):
            yield f"outcomes: {_said(key)} has no SHA-256 of its picture"
            continue
        if named.setdefault(key, line.sha256) != line.sha256:
            yield f"outcomes: {_said(key)} is another picture by {line.source} than before"


def _coverage_faults(outcomes: Sequence[OutcomeLine], splits: Splits) -> Iterator[str]:
    """Yield pairs that may not be there, and test pairs that are missing or not there equally often."""
    test, dev = splits.methods["test"], set(splits.methods["dev"])
    strange = sorted({line.pair for line in outcomes} - set(test))
    if told := [pair for pair in strange if pair in dev]:
        yield f"outcomes: dev pairs, on which settings were chosen: {_some(told)}"
    if told := [pair for pair in strange if pair not in dev]:
        yield f"outcomes: not test pairs: {_some(told)}"
    counts: dict[tuple[str, str], Counter[str]] = {}
    for line in outcomes:
        counts.setdefault((line.source, line.method), Counter())[line.pair] += 1
    usual = {source: _usual(counts, source, test) for source, _ in counts}
    for (source, method), found in counts.items():
        if missing := [pair for pair in test if not found[pair]]:
            yield f"outcomes: {method} by {source} lacks {len(missing)} test pairs: {_some(missing)}"
        if odd := [pair for pair in test if found[pair] not in (0, usual[source])]:
            often = f"has not {usual[source]} pictures of each test pair"
            yield f"outcomes: {method} by {source} {often}: {_some(odd)}"


def _usual(counts: Mapping[tuple[str, str], Counter[str]], source: str, test: Sequence[str]) -> int:
    """Return how many pictures of a test pair most methods have by a source."""
    often = Counter(found[pair] for (name, _), found in counts.items() if name == source for pair in test)
    return often.most_common(1)[0][0]


def _outcome_faults(outcomes: Sequence[OutcomeLine]) -> Iterator[str]:
    """Yield outcomes that contradict themselves. A judge's success is a probability of its own."""
    for line in outcomes:
        key = _said((line.pair, line.method, line.seed))
        if line.source in ("oracle", "labels") and line.success != (line.kept and line.removed):
            yield f"outcomes: {key} by {line.source}: success is not kept and removed together"
        for name in MEASURES:
            value = getattr(line, name)
            if value is not None and not 0 <= value <= 1:
                yield f"outcomes: {key} by {line.source}: {name} is {value:g}, not from 0 to 1"


def _figure_faults(
    claims: Submission, outcomes: Sequence[OutcomeLine], pairs: Mapping[str, Pair]
) -> Iterator[str]:
    """Yield claimed figures that the outcomes do not give, and figures that should be claimed."""
    figures, gaps = figures_of(outcomes, claims.methods, pairs, claims.draws)
    yield from _differ("figures", _by_name(claims.figures), _by_name(figures))
    yield from _differ("differences", _by_name(claims.differences), _by_name(gaps))


def _by_name(rows: Sequence[Figures | Gap]) -> dict[str, Figures | Gap]:
    """Return rows by what names them; of rows of one name the first, since its twin is told as doubled."""
    found: dict[str, Figures | Gap] = {}
    for row in rows:
        name = (
            f"{row.method} by {row.source}"
            if isinstance(row, Figures)
            else f"{row.measure} of {row.first} less {row.second} by {row.source}"
        )
        while name in found:
            name += ", once more"
        found[name] = row
    return found


def _differ(
    part: str, claimed: Mapping[str, Figures | Gap], given: Mapping[str, Figures | Gap]
) -> Iterator[str]:
    for name in sorted(claimed.keys() | given.keys()):
        if name not in claimed:
            yield f"{part}: {name} is not claimed, though the outcomes give it"
        elif name not in given:
            yield f"{part}: {name} is claimed, and the outcomes do not give it"
        else:
            for field in dataclasses.fields(given[name]):
                stated, found = (getattr(side[name], field.name) for side in (claimed, given))
                if not _same(stated, found):
                    both = f"claimed as {_shown(stated)}, found {_shown(found)}"
                    yield f"{part}: {name}: {field.name} is {both}"


def _same(first: object, second: object) -> bool:
    if isinstance(first, Interval) and isinstance(second, Interval):
        both = zip(dataclasses.astuple(first), dataclasses.astuple(second), strict=True)
        return all(_same(one, other) for one, other in both)
    if isinstance(first, float | int) and isinstance(second, float | int):
        return abs(first - second) <= TOLERANCE
    return bool(first == second)


def _shown(value: object) -> str:
    if isinstance(value, Interval):
        return f"{_shown(value.estimate)} ({_shown(value.low)} to {_shown(value.high)})"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _said(key: tuple[str, str, int]) -> str:
    return f"{key[0]}, {key[1]}, seed {key[2]}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
