"""All that an evaluation knows of a run: samples, readings, labels and verdicts, gathered and looked up."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from negjudge.errors import NegjudgeError
from negjudge.evaluation.readings import SampleReading, read_pictures
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.verdicts import Ask, Candidate, Verdicts, View, ask_all, blind, other, plain
from negjudge.jobs import read_pairs
from negjudge.records import Label, Pair, Question, Sample, Verdict, Vote, read_records
from negjudge.runs import CONTROL, JUDGE, LABELS, SAMPLES, VERDICTS, VOTES
from negjudge.splits import STRATA, STRICT, Splits, read_splits


@dataclass(frozen=True)
class Evidence:
    """What was found in a run folder. Readings of main and control samples are by sample id."""

    run: Path
    pairs: dict[str, Pair]
    splits: Splits
    samples: list[Sample]
    control: list[Sample] = field(default_factory=list)
    readings: dict[str, SampleReading] = field(default_factory=dict)
    labels: dict[tuple[str, Question], Label] = field(default_factory=dict)
    votes: list[Vote] = field(default_factory=list)
    verdicts: Verdicts = field(default_factory=dict)
    asked: dict[tuple[str, View], Ask] = field(default_factory=dict)

    @cached_property
    def unguided(self) -> dict[tuple[str, int], Sample]:
        """The samples without guidance, by pair and seed."""
        return {(s.pair, s.seed): s for s in self.samples if s.method == "none"}

    @cached_property
    def tested(self) -> list[Sample]:
        """The samples of the pairs on which methods are compared."""
        return self.of(self.splits.methods["test"])

    def of(self, pair_ids: Sequence[str]) -> list[Sample]:
        """Return the samples of some pairs, in the order they were made."""
        wanted = set(pair_ids)
        return [sample for sample in self.samples if sample.pair in wanted]

    def group(self, name: str) -> list[Sample]:
        """Return the samples of one of the judge's groups, such as "both_new"."""
        return self.of(self.splits.judge[name])


def gather(recipe: EvalRecipe, run: Path) -> Evidence:
    """Read a run folder, and make the readings and verdicts that it lacks.

    Raises NegjudgeError where there are no samples, or where a sample's pair is not in the pairs file.
    """
    evidence = read_run(recipe.pairs, recipe.splits, run)
    if recipe.reader:
        evidence.readings.update(read_pictures(run, evidence.samples, recipe.reader))
        if evidence.control:
            evidence.readings.update(read_pictures(run / CONTROL, evidence.control, recipe.reader))
    candidates = judges_of(recipe, run)
    if candidates:
        asks = questions_for(evidence, recipe)
        unjudged = other(run, [evidence.group("train")])  # what the text-only judge learns from
        evidence.asked.update({(ask.sample.id, ask.view): ask for ask in asks + unjudged})
        evidence.verdicts.update(ask_all(run, candidates, asks, recipe.batch_size))
    return evidence


def read_run(pairs_file: str, splits_file: str, run: Path) -> Evidence:
    """Read a run folder without its readings and verdicts; raises as ``gather`` does."""
    pairs, samples = read_pairs(pairs_file), read_records(run / SAMPLES, Sample)
    if not samples:
        raise NegjudgeError(f"{run / SAMPLES} is missing or empty; run `make generate` first")
    unknown = next((sample.pair for sample in samples if sample.pair not in pairs), None)
    if unknown:
        raise NegjudgeError(f"{run / SAMPLES} has pictures of the pair {unknown!r}, which {pairs_file} lacks")
    return Evidence(
        run=run,
        pairs=pairs,
        splits=read_splits(splits_file),
        samples=samples,
        control=read_records(run / CONTROL / SAMPLES, Sample),
        labels={(label.sample, label.question): label for label in read_records(run / LABELS, Label)},
        votes=read_records(run / VOTES, Vote),
    )


def judge_verdicts(run: Path) -> Verdicts:
    """Return what the run's own judge has said of its pictures so far; asks nothing, changes no file."""
    if not (run / JUDGE).is_dir():
        return {}
    name = Candidate("tuned", str(run / JUDGE), None).name
    said = {v.sample: v for v in read_records(run / VERDICTS, Verdict) if v.judge == name and v.sample}
    return {("tuned", "plain"): said} if said else {}


def judges_of(recipe: EvalRecipe, run: Path) -> list[Candidate]:
    """Return the judges to ask: the run's own, and its base to compare it with; none before training."""
    if not (run / JUDGE).is_dir():
        return []
    tuned = Candidate("tuned", str(run / JUDGE), recipe.device)
    return [Candidate("base", recipe.base, recipe.device), tuned] if recipe.base else [tuned]


def questions_for(evidence: Evidence, recipe: EvalRecipe) -> list[Ask]:
    """Return all that the judges are asked: about validation and test pictures, and the controls."""
    groups = [evidence.group(name) for name in ("validation", *STRATA, STRICT)]
    known = [sample for name in STRATA for sample in evidence.group(name)]
    asks = plain(evidence.run, itertools.chain(*groups)) + other(evidence.run, groups)
    return asks + blind(evidence.run, _spread(known, recipe.control_pictures))


def _spread(samples: Sequence[Sample], count: int) -> list[Sample]:
    """Return at most ``count`` samples, chosen by their ids, which have nothing to do with their content."""
    return sorted(samples, key=lambda sample: sample.id)[:count]
