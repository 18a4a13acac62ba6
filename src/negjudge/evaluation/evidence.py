"""All that an evaluation knows of a run: samples, readings, labels and verdicts, gathered and looked up."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from negjudge.endpoint_ledger import Cost
from negjudge.errors import NegjudgeError
from negjudge.evaluation.asking import costs
from negjudge.evaluation.asks import Ask, View, blind, keep, other, plain
from negjudge.evaluation.candidates import Candidate, Role, judges_of, left_out
from negjudge.evaluation.readings import SampleReading, read_pictures
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.verdicts import Verdicts, ask_all
from negjudge.jobs import read_pairs
from negjudge.records import Label, Pair, Question, Sample, Vote, read_records
from negjudge.runs import CONTROL, LABELS, SAMPLES, VOTES
from negjudge.splits import STRATA, STRICT, Splits, read_splits


@dataclass(frozen=True)
class Evidence:
    """What was found in a run folder. Readings of main and control samples are by sample id.

    ``judges`` are the names, with fingerprints, of the judges that answered, and ``left_out`` says why others
    did not; both by role. ``costs`` are of judges behind endpoints.
    """

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
    judges: dict[Role, str] = field(default_factory=dict)
    left_out: dict[Role, str] = field(default_factory=dict)
    costs: list[Cost] = field(default_factory=list)

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
    evidence = _read(recipe, run)
    if recipe.reader:
        evidence.readings.update(read_pictures(run, evidence.samples, recipe.reader))
        if evidence.control:
            evidence.readings.update(read_pictures(run / CONTROL, evidence.control, recipe.reader))
    evidence.left_out.update(left_out(recipe, run))
    candidates = judges_of(recipe, run)
    if candidates:
        unjudged = other(run, [evidence.group("train")])  # what the text-only judge learns from
        evidence.asked.update({(ask.sample.id, ask.view): ask for ask in unjudged})
        _hear(evidence, recipe, candidates)
    return evidence


def _read(recipe: EvalRecipe, run: Path) -> Evidence:
    pairs, samples = read_pairs(recipe.pairs), read_records(run / SAMPLES, Sample)
    if not samples:
        raise NegjudgeError(f"{run / SAMPLES} is missing or empty; run `make generate` first")
    unknown = next((sample.pair for sample in samples if sample.pair not in pairs), None)
    if unknown:
        raise NegjudgeError(
            f"{run / SAMPLES} has pictures of the pair {unknown!r}, which {recipe.pairs} lacks"
        )
    return Evidence(
        run=run,
        pairs=pairs,
        splits=read_splits(recipe.splits),
        samples=samples,
        control=read_records(run / CONTROL / SAMPLES, Sample),
        labels={(label.sample, label.question): label for label in read_records(run / LABELS, Label)},
        votes=read_records(run / VOTES, Vote),
    )


def _hear(evidence: Evidence, recipe: EvalRecipe, candidates: Sequence[Candidate]) -> None:
    """Ask the judges what they have not answered yet, and put what they say among the evidence."""
    asks = {"all": questions_for(evidence, recipe), "test": plain(evidence.run, evidence.tested)}
    if recipe.keep_questions:
        stay = keep(evidence.run, evidence.tested, evidence.pairs)
        asks = {scope: found + stay for scope, found in asks.items()}
    evidence.asked.update({(ask.sample.id, ask.view): ask for ask in asks["all"]})
    wanted = [(candidate, asks[candidate.judge.asked]) for candidate in candidates]
    heard = ask_all(evidence.run, wanted, evidence.pairs, recipe.batch_size)
    evidence.verdicts.update(heard.verdicts)
    evidence.left_out.update(heard.left_out)
    evidence.judges.update({c.role: c.name for c in candidates if c.role not in heard.left_out})
    evidence.costs.extend(costs(candidates, evidence.run))


def questions_for(evidence: Evidence, recipe: EvalRecipe) -> list[Ask]:
    """Return all that the judges are asked: about validation and test pictures, and the controls."""
    groups = [evidence.group(name) for name in ("validation", *STRATA, STRICT)]
    known = [sample for name in STRATA for sample in evidence.group(name)]
    asks = plain(evidence.run, itertools.chain(*groups)) + other(evidence.run, groups)
    return asks + blind(evidence.run, _spread(known, recipe.control_pictures))


def _spread(samples: Sequence[Sample], count: int) -> list[Sample]:
    """Return at most ``count`` samples, chosen by their ids, which have nothing to do with their content."""
    return sorted(samples, key=lambda sample: sample.id)[:count]
