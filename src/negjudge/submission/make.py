"""Makes a submission of an evaluated run: its outcomes, how they came about, and what they give."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from negjudge.data.pairs import pairs_files
from negjudge.data.records import Sample
from negjudge.data.runs import JUDGE
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.candidates import BASE, TUNED
from negjudge.evaluation.evidence.evidence import Evidence, gather
from negjudge.evaluation.evidence.scored import Scored, methods_in
from negjudge.evaluation.evidence.sources import by_source
from negjudge.evaluation.metrics_file import read_metrics
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.guidance.methods import EVALUATIONS, UNGUIDED
from negjudge.recipes import read_yaml
from negjudge.submission.format import (
    DIGITS,
    FORMAT,
    Benchmark,
    Entrant,
    OutcomeLine,
    Search,
    Submission,
    Witness,
    figures_of,
)


@dataclass(frozen=True)
class About:
    """What no file of the run says: which methods are submitted (all when empty), and whom to ask."""

    methods: Sequence[str] = ()
    contact: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Made:
    """A submission that is not written yet. ``left_out`` are sources that saw some of the pictures only."""

    claims: Submission
    outcomes: list[OutcomeLine]
    left_out: list[str]


def make_submission(recipe: EvalRecipe, run: Path, about: About) -> Made:
    """Return the claims and outcomes of a run's test pictures, by all who saw equally many of each pair.

    Raises NegjudgeError where the run has not been evaluated, or lacks a method that is asked for.
    """
    read_metrics(run)
    evidence = gather(recipe, run)
    scored = by_source(evidence)
    measured = methods_in(one.sample for found in scored.values() for one in found)
    methods = _chosen(measured, about.methods, run)
    lines = {
        source: [_line(source, one) for one in found if one.sample.method in methods]
        for source, found in scored.items()
    }
    whole = [s for s, found in lines.items() if _is_even(found, methods, evidence.splits.methods["test"])]
    told = whole or list(lines)  # where nobody's is whole, the check says what is missing
    outcomes = [line for source in told for line in lines[source]]
    settings = read_yaml(recipe.settings) if recipe.settings else {}
    entrants = tuple(_entrant(evidence, method, settings) for method in methods)
    note = budgets_fault(entrants)
    figures, gaps = figures_of(outcomes, entrants, evidence.pairs, recipe.draws)
    claims = Submission(
        format=FORMAT,
        benchmark=benchmark_of(Path(recipe.splits).parent.name, recipe.pairs, recipe.splits),
        methods=entrants,
        equal_budgets=note is None,
        budgets_note=note or "",
        witnesses=tuple(_witnesses(evidence, recipe, run, {line.source for line in outcomes})),
        draws=recipe.draws,
        figures=figures,
        differences=gaps,
        note=recipe.note,
        contact=about.contact,
        licence=about.licence,
        versions={name: version(name) for name in ("negjudge", "numpy", "scipy")},
    )
    return Made(claims, outcomes, [source for source in lines if source not in told])


def _chosen(measured: Sequence[str], wanted: Sequence[str], run: Path) -> list[str]:
    """Return the measured methods that are asked for, all of them where none is named."""
    for name in wanted:
        if name not in measured:
            raise NegjudgeError(f"{run} has no measured pictures by {name!r}; it has {', '.join(measured)}")
    if not measured:
        raise NegjudgeError(f"{run} has no measured pictures of test pairs; run `make generate eval` first")
    return [method for method in measured if method in wanted or not wanted]


def _is_even(outcomes: Sequence[OutcomeLine], methods: Sequence[str], test: Sequence[str]) -> bool:
    """Tell whether there are equally many outcomes of each method on each test pair."""
    counts = Counter((line.method, line.pair) for line in outcomes)
    return len({counts[method, pair] for method in methods for pair in test}) == 1


def benchmark_of(name: str, pairs: str | Path, splits: str | Path) -> Benchmark:
    """Return the name and the hashes of a benchmark's files."""
    return Benchmark(name, _hash(Path(pairs)), _hash(Path(splits)))


def _hash(path: Path) -> str:
    """Return the SHA-256 of a file, or of all pairs files of a folder in the order of their names."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in pairs_files(path))).hexdigest()


def budgets_fault(entrants: Sequence[Entrant]) -> str | None:
    """Return in what the methods' budgets differ, None where they are equal.

    A guided method's budget is what its search spent and on which pairs; that of a picture is its steps.
    """
    guided = [entrant for entrant in entrants if entrant.method != UNGUIDED]
    unsearched = [entrant.method for entrant in guided if entrant.search is None]
    if unsearched:
        return f"no search is recorded for {', '.join(unsearched)}"
    for first, second in itertools.pairwise(guided):
        spent = [(s.sampler, s.trials, s.evaluations) for s in (first.search, second.search) if s]
        pairs = [sorted(s.dev_pairs) for s in (first.search, second.search) if s]
        if spent[0] != spent[1] or pairs[0] != pairs[1]:
            return f"the searches for {first.method} and {second.method} differ in sampler, budget or pairs"
    for first, second in itertools.pairwise(entrants):
        if first.steps != second.steps:
            return f"{first.method} and {second.method} take different numbers of steps"
    return None


def _line(source: str, one: Scored) -> OutcomeLine:
    sample = one.sample
    return OutcomeLine(
        source=source,
        pair=sample.pair,
        method=sample.method,
        seed=sample.seed,
        sha256=sample.sha256,
        kept=_told(one.kept),
        removed=_told(one.removed),
        success=_told(one.success),
        collateral=one.collateral,
    )


def _told(value: bool | float) -> bool | float:
    return value if isinstance(value, bool) else round(value, DIGITS)


def _entrant(evidence: Evidence, method: str, settings: Mapping[str, Any]) -> Entrant:
    samples = [sample for sample in evidence.tested if sample.method == method]
    first = samples[0]
    if any(_made_by(sample) != _made_by(first) for sample in samples):
        raise NegjudgeError(
            f"the pictures by {method!r} were made in different ways (settings, model or steps); "
            "a submission has one way a method"
        )
    external = first.is_external
    steps = None if external else first.steps
    per_step = EVALUATIONS.get(method)
    made = steps * per_step if steps is not None and per_step is not None else None
    search = evidence.frozen.search if evidence.frozen else None
    return Entrant(
        method=method,
        settings=dict(first.params),
        model=first.revision if external else first.model,
        revision="" if external else first.revision,
        steps=steps,
        evaluations=evidence.evaluations.get(method, made),
        search=_recorded(search)
        if search and method in evidence.evaluations
        else _search(method, first, settings),
    )


def _made_by(sample: Sample) -> tuple[object, ...]:
    return dict(sample.params), sample.model, sample.revision, sample.steps


def _search(method: str, sample: Sample, settings: Mapping[str, Any]) -> Search | None:
    """Return how the settings file found the setting that the pictures were made with, if it did."""
    found, search = settings.get(method), settings.get("search")
    if not isinstance(found, dict) or not isinstance(search, dict):
        return None
    if any(sample.params.get(name) != value for name, value in found.items()):
        return None
    return _recorded(search)


def _recorded(search: Mapping[str, Any]) -> Search | None:
    """Return a search as it was recorded; None where something of it is missing."""
    try:
        return Search(
            sampler=str(search["sampler"]),
            trials=int(search["trials"]),
            evaluations=int(search["denoiser_evaluations"]),
            dev_pairs=tuple(map(str, search["pairs"])),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _witnesses(evidence: Evidence, recipe: EvalRecipe, run: Path, sources: set[str]) -> list[Witness]:
    found = [Witness("oracle", recipe.reader or "")]
    kinds = sorted({vote.source for vote in evidence.votes})
    found.append(Witness("labels", f"{' and '.join(kinds) or 'unknown'} annotators"))
    names = {TUNED: recipe.tuned or f"{run.name}/{JUDGE}", BASE: recipe.base or ""}
    names |= {role: judge.source for role, judge in recipe.judges.items()}
    found += [Witness(role, names[role], name.split("@")[1]) for role, name in evidence.judges.items()]
    return [witness for witness in found if witness.source in sources]
