"""All that an evaluation knows of a run: samples, readings, labels and verdicts, gathered and looked up."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from negjudge.data.pairs import read_pairs
from negjudge.data.records import Label, Pair, Question, Sample, Verdict, Vote, read_records
from negjudge.data.runs import CONTROL, EXTERNAL, FRONTIER, JUDGE, LABELS, SAMPLES, VERDICTS, VOTES
from negjudge.data.splits import STRATA, STRICT, Splits, sound_splits
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.asking import costs
from negjudge.evaluation.evidence.asks import Ask, View, blind, keep, other, plain
from negjudge.evaluation.evidence.candidates import TUNED, Candidate, Role, candidates_of, left_out
from negjudge.evaluation.evidence.verdicts import Verdicts, ask_all
from negjudge.evaluation.recipe import EvalRecipe, LocalModel
from negjudge.external.store import read_evaluations, read_external
from negjudge.guidance.methods import UNGUIDED
from negjudge.judge.endpoint.ledger import Cost
from negjudge.oracle.readings import SampleReading, read_pictures
from negjudge.tuning.frozen import Frozen, read_frozen


@dataclass(frozen=True)
class Evidence:
    """What was found in a run folder. Readings of all its samples are by sample id.

    In a contest's run (``frozen``) a sample's method is its contestant's name; ``frontier`` holds the test
    pictures of all settings, the chosen ones included. ``external`` are pictures of other generators, and
    ``evaluations`` what one picture cost, by method, where the method's name does not tell. ``judges`` are
    the names, with fingerprints, of the judges that answered, and ``left_out`` says why others did not; both
    by role. ``costs`` are of judges behind endpoints.
    """

    run: Path
    pairs: Mapping[str, Pair]
    splits: Splits
    samples: Sequence[Sample]
    control: Sequence[Sample] = ()
    frozen: Frozen | None = None
    frontier: Sequence[Sample] = ()
    external: Sequence[Sample] = ()
    evaluations: Mapping[str, int] = field(default_factory=dict)
    readings: Mapping[str, SampleReading] = field(default_factory=dict)
    labels: Mapping[tuple[str, Question], Label] = field(default_factory=dict)
    votes: Sequence[Vote] = ()
    verdicts: Mapping[tuple[Role, View], Mapping[str, Verdict]] = field(default_factory=dict)
    asked: Mapping[tuple[str, View], Ask] = field(default_factory=dict)
    judges: Mapping[Role, str] = field(default_factory=dict)
    left_out: Mapping[Role, str] = field(default_factory=dict)
    costs: Sequence[Cost] = ()

    @cached_property
    def unguided(self) -> dict[tuple[str, int], Sample]:
        """The samples without guidance, by pair and seed."""
        return {(s.pair, s.seed): s for s in (*self.external, *self.samples) if s.method == UNGUIDED}

    def before(self, sample: Sample) -> Sample | None:
        """Return the unguided picture of a sample's pair, seed and model: a seed means nothing to another."""
        found = self.unguided.get((sample.pair, sample.seed))
        return found if found and _maker(found) == _maker(sample) != "" else None

    @cached_property
    def tested(self) -> list[Sample]:
        """The samples of the pairs on which methods are compared, other generators' too."""
        ids = self.splits.methods["test"]
        return self.of(ids) + [sample for sample in self.external if sample.pair in ids]

    def of(self, pair_ids: Sequence[str]) -> list[Sample]:
        """Return the samples of some pairs, in the order they were made."""
        wanted = set(pair_ids)
        return [sample for sample in self.samples if sample.pair in wanted]

    def group(self, name: str) -> list[Sample]:
        """Return the samples of one of the judge's groups, such as "both_new"."""
        return self.of(self.splits.judge[name])


def _maker(sample: Sample) -> str:
    """Return the model that made a picture; of one from elsewhere, as its manifest names it, if it does."""
    return sample.revision if sample.is_external else sample.model


def gather(recipe: EvalRecipe, run: Path) -> Evidence:
    """Read a run folder, and make the readings and verdicts that it lacks.

    Raises NegjudgeError where there are no samples, a sample's pair is not in the pairs file, or the splits
    break a promise.
    """
    found = read_run(recipe.pairs, recipe.splits, run)
    readings = _readings(found, recipe.reader) if recipe.reader else {}
    wanted = [*candidates_of(run, recipe.base, recipe.tuned, recipe.models(), recipe.device)]
    missing = left_out(wanted, has_oracle=bool(recipe.reader))
    evidence = replace(found, readings=readings, left_out=missing)
    candidates = [candidate for candidate in wanted if candidate.role not in missing]
    return _judged(evidence, recipe, candidates) if candidates else evidence


def _readings(evidence: Evidence, reader: str) -> dict[str, SampleReading]:
    """Return what a reader sees in all pictures of the run, by sample."""
    run = evidence.run
    found = dict(read_pictures(run, [*evidence.samples, *evidence.external], reader))
    if evidence.control:
        found |= read_pictures(run / CONTROL, evidence.control, reader)
    if evidence.frozen:
        found |= read_pictures(run / FRONTIER, read_records(run / FRONTIER / SAMPLES, Sample), reader)
    return found


def read_run(pairs_file: str, splits_file: str, run: Path) -> Evidence:
    """Read a run folder without its readings and verdicts; raises as ``gather`` does."""
    pairs, samples = read_pairs(pairs_file), read_records(run / SAMPLES, Sample)
    external = read_external(run)
    if not samples and not external:
        raise NegjudgeError(f"{run / SAMPLES} is missing or empty; run `make generate` first")
    for place, found in ((run / SAMPLES, samples), (run / EXTERNAL / SAMPLES, external)):
        unknown = next((sample.pair for sample in found if sample.pair not in pairs), None)
        if unknown:
            raise NegjudgeError(f"{place} has pictures of the pair {unknown!r}, which {pairs_file} lacks")
    both = {sample.method for sample in samples} & {sample.method for sample in external}
    if both:
        raise NegjudgeError(
            f"{run / EXTERNAL} has pictures with {min(both)!r}, which the run makes itself; "
            "move that folder away, and bring them in again under another name"
        )
    control, frontier, frozen = read_records(run / CONTROL / SAMPLES, Sample), [], read_frozen(run)
    if frozen:
        frontier = frozen.named([*samples, *read_records(run / FRONTIER / SAMPLES, Sample)], chosen=False)
        samples, control = frozen.named(samples), frozen.named(control)
    return Evidence(
        run=run,
        pairs=pairs,
        splits=sound_splits(splits_file, pairs),
        samples=samples,
        control=control,
        frozen=frozen,
        frontier=frontier,
        external=external,
        evaluations=read_evaluations(run) | _evaluations(frozen, samples),
        labels={(label.sample, label.question): label for label in read_records(run / LABELS, Label)},
        votes=read_records(run / VOTES, Vote),
    )


def _evaluations(frozen: Frozen | None, samples: Sequence[Sample]) -> dict[str, int]:
    """Return the denoiser evaluations of one picture of each contestant."""
    if frozen is None or not samples:
        return {}
    return {name: samples[0].steps * c.evaluations for name, c in frozen.contestants.items()}


def _judged(evidence: Evidence, recipe: EvalRecipe, candidates: Sequence[Candidate]) -> Evidence:
    """Return the evidence with what the judges say, after asking what they have not answered yet."""
    run = evidence.run
    asks = {"all": questions_for(evidence, recipe.control_pictures), "test": plain(run, evidence.tested)}
    if not recipe.reader:  # nobody else can read the frontier's pictures, and those of the control
        tried = read_records(run / FRONTIER / SAMPLES, Sample) if evidence.frozen else []
        asks["all"] += plain(run / FRONTIER, tried) + plain(run / CONTROL, evidence.control)
    if recipe.keep_questions:
        stay = keep(run, evidence.tested, evidence.pairs)
        asks = {scope: found + stay for scope, found in asks.items()}
    unjudged = other(run, [evidence.group("train")])  # what the text-only judge learns from
    wanted = [(candidate, asks[candidate.judge.asked]) for candidate in candidates]
    responses = ask_all(run, wanted, evidence.pairs, recipe.batch_size)
    return replace(
        evidence,
        verdicts=responses.verdicts,
        asked={(ask.sample.id, ask.view): ask for ask in (*unjudged, *asks["all"])},
        judges={c.role: c.name for c in candidates if c.role not in responses.left_out},
        left_out={**evidence.left_out, **responses.left_out},
        costs=costs(candidates, run),
    )


def judge_verdicts(run: Path) -> Verdicts:
    """Return what the run's own judge has said of its pictures so far; asks nothing, changes no file."""
    if not (run / JUDGE).is_dir():
        return {}
    name = Candidate(TUNED, LocalModel(source=str(run / JUDGE)), own=True).name
    said = {v.sample: v for v in read_records(run / VERDICTS, Verdict) if v.judge == name and v.sample}
    return {(TUNED, "plain"): said} if said else {}


def questions_for(evidence: Evidence, control_pictures: int) -> list[Ask]:
    """Return all that the judges are asked: on validation and test pictures and the controls."""
    groups = [evidence.group(name) for name in ("validation", *STRATA, STRICT)]
    known = [sample for name in STRATA for sample in evidence.group(name)]
    every = {sample.id: sample for sample in itertools.chain(*groups, evidence.tested)}
    asks = plain(evidence.run, every.values()) + other(evidence.run, groups)
    return asks + blind(evidence.run, _spread(known, control_pictures))


def _spread(samples: Sequence[Sample], count: int) -> list[Sample]:
    """Return at most ``count`` samples, chosen by their ids, which have nothing to do with their content."""
    return sorted(samples, key=lambda sample: sample.id)[:count]
