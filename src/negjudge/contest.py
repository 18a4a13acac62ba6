"""The comparison of methods: search on dev, freeze, and make the pictures of the test pairs once."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negjudge.bench import Bench, Contestant, Scorer, judge_scorer, reader_scorer
from negjudge.contest_cost import measure_cost
from negjudge.errors import NegjudgeError
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.frozen import PRIMARY, UNGUIDED, Chosen, Frozen, Level, freeze, require_plan
from negjudge.generation import Made, generate
from negjudge.generation_recipe import GeneratorRecipe
from negjudge.guidance import GuidanceMethod, method_from
from negjudge.jobs import Job, jobs_of, read_pairs, select_pairs, wrong_negatives
from negjudge.records import Pair, sample_id
from negjudge.runs import CONTROL, FRONTIER, HISTORY, TUNE
from negjudge.splits import sound_splits
from negjudge.tuning import Trial, best_of, search_all


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A contestant: a method, what of it is searched, and what is fixed."""

    method: str
    """cfg, vsf, nag or nasa."""
    space: dict[str, list[float] | list[str]]
    """What is searched: each parameter's lowest value, highest value and step, or its choices."""
    fixed: dict[str, Any] = field(default_factory=dict)
    """Settings that are not searched."""


@dataclass(frozen=True, kw_only=True)
class ContestRecipe(EvalRecipe):
    """Searches every contestant's setting on dev with equal budgets, then measures all on test, once."""

    generator: GeneratorRecipe
    """The pipeline, and how it makes each picture."""
    contestants: dict[str, Entry]
    """Who takes part, by the name that tables show; "none" always does."""
    trials: int = 24
    """Settings tried of each contestant on the dev pairs."""
    sampler_seed: int = 0
    """Seed of Optuna's TPE sampler."""
    dev_seeds: int = 6
    """Pictures of a dev pair with each setting; a method of two evaluations a step gets half."""
    test_seeds: int = 8
    """Pictures of a test pair with each contestant's chosen setting."""
    frontier: int = 6
    """Settings of each contestant that are tried on the test pairs, the chosen one included."""
    frontier_seeds: int = 4
    """Pictures of a test pair with each of these."""
    control_seeds: int = 4
    """Pictures of a test pair with the wrong element named; 0 makes none."""
    matched: list[Level] = field(default_factory=list)
    """Where contestants are held equal: measure kept, quality or collateral, and at which value."""
    dev_judge: str | None = None
    """Folder or Hub id of the judge that reads the dev pictures, where no oracle (`reader`) can."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.contestants or UNGUIDED in self.contestants:
            raise ValueError("key 'contestants' needs at least one, and none of the name \"none\"")
        for name, least in (("trials", 1), ("test_seeds", 1), ("frontier", 1), ("control_seeds", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"key {name!r} is {getattr(self, name)}, expected {least} or more")
        if self.dev_seeds < 2 or self.dev_seeds % 2:
            raise ValueError(f"key 'dev_seeds' is {self.dev_seeds}, expected an even number: CFG gets half")
        if not 1 <= self.frontier_seeds <= self.test_seeds:
            raise ValueError(f"key 'frontier_seeds' is {self.frontier_seeds}, expected 1 to test_seeds")
        for level in self.matched:
            if not 0 < level.at <= 1:
                raise ValueError(f"key 'matched' has {level.measure} at {level.at:g}, expected a share: 0.95")

    def find_scorer(self, pairs: Mapping[str, Pair]) -> Scorer:
        """Return who reads the dev pictures: the oracle where there is one, else the judge."""
        if self.reader:
            return reader_scorer(self.reader, "reader")
        if not self.dev_judge:
            raise NegjudgeError(
                "keys 'reader' and 'dev_judge' are both empty; name who reads the dev pictures"
            )
        return judge_scorer(self.dev_judge, pairs, self.device)


@dataclass(frozen=True)
class Contest:
    """A contest on the disk: what was frozen, and how many pictures its test has."""

    frozen: Frozen
    chosen: Made
    frontier: Made
    control: Made

    def lines(self, run: Path) -> Iterator[str]:
        """Yield the lines that say what was made, and where."""
        for name, contestant in self.frozen.contestants.items():
            shown = ", ".join(f"{key} {value}" for key, value in contestant.settings[0].items())
            yield f"{name}: {shown} (dev success {contestant.dev['success']:.2f})"
        yield self.chosen.summary(run)
        yield self.frontier.summary(run / FRONTIER)
        yield self.control.summary(run / CONTROL)


def hold(recipe: ContestRecipe, run: Path) -> Contest:
    """Search, freeze, and make the test's pictures; what the run folder holds is not made again.

    Raises NegjudgeError where the run folder holds another search or froze other settings.
    """
    pairs = read_pairs(recipe.pairs)
    splits = sound_splits(recipe.splits, pairs)
    model, rendering = recipe.generator.find_model(), recipe.generator.rendering
    dev, test = (select_pairs(pairs, splits, [f"methods/{part}"]) for part in ("dev", "test"))
    contestants = [Contestant(name, e.method, e.space, e.fixed) for name, e in recipe.contestants.items()]
    bench = Bench(model, dev, recipe.dev_seeds, rendering, recipe.find_scorer(pairs), run / TUNE)
    plan = plan_of(recipe, bench, contestants, test)
    require_plan(run, plan)

    trials = search_all(bench, contestants, recipe.trials, recipe.sampler_seed)
    frozen = freeze(run, decide(recipe, bench, contestants, trials, test, plan))
    best, others = settings_of(frozen)
    made = Contest(
        frozen,
        generate(model, _test_jobs(test, best, recipe.test_seeds), run, rendering),
        generate(model, jobs_of(test, others, recipe.frontier_seeds), run / FRONTIER, rendering),
        generate(
            model, _control_jobs(test, pairs.values(), best, recipe.control_seeds), run / CONTROL, rendering
        ),
    )
    plain = {UNGUIDED: method_from(UNGUIDED, {})}
    measure_cost(model, test, plain | _by_name(frozen), rendering, run, frozen.digest)
    return made


def plan_of(
    recipe: ContestRecipe, bench: Bench, contestants: Sequence[Contestant], test: Sequence[Pair]
) -> str:
    """Return 16 hex over all of a contest that is known before its search."""
    return sample_id(
        contestants=[dataclasses.asdict(contestant) for contestant in contestants],
        search=bench.provenance(recipe.trials, recipe.sampler_seed),
        dev=[dataclasses.asdict(pair) for pair in bench.pairs],
        test=[dataclasses.asdict(pair) for pair in test],
        frontier=recipe.frontier,
        matched=[dataclasses.asdict(level) for level in recipe.matched],
        seeds=[recipe.test_seeds, recipe.frontier_seeds, recipe.control_seeds],
    )


def decide(
    recipe: ContestRecipe,
    bench: Bench,
    contestants: Sequence[Contestant],
    trials: Mapping[str, Sequence[Trial]],
    test: Sequence[Pair],
    plan: str,
) -> Frozen:
    """Return what the search decides: the chosen settings, the frontiers, and what will be compared."""
    figures = ("success", "kept", "removed", "collateral", "number")
    chosen = {}
    for contestant in contestants:
        settings = frontier_of(trials[contestant.name], recipe.frontier)
        chosen[contestant.name] = Chosen(
            method=contestant.method,
            settings=tuple(dict(contestant.guidance(trial.params).params) for trial in settings),
            dev={key: round(getattr(settings[0], key), 4) for key in figures},
            evaluations=contestant.evaluations,
        )
    return Frozen(
        primary=PRIMARY,
        contestants=chosen,
        matched=tuple(recipe.matched),
        test=tuple(pair.id for pair in test),
        seeds=recipe.test_seeds,
        frontier_seeds=recipe.frontier_seeds,
        plan=plan,
        history=hashlib.sha256((bench.folder / HISTORY).read_bytes()).hexdigest(),
        search=bench.provenance(recipe.trials, recipe.sampler_seed),
    )


def frontier_of(trials: Sequence[Trial], count: int) -> list[Trial]:
    """Return the best trial and then others that trade kept for removed best on dev, ``count`` in all.

    These are spread evenly over the Pareto front; a front that is too short is followed by the next one, so
    that every contestant has equally many settings on test.
    """
    best = best_of(trials)
    distinct = {repr(sorted(t.params.items())): t for t in (*reversed(trials), best)}
    left, chosen = sorted(distinct.values(), key=lambda t: t.number), [best]
    while left and len(chosen) < count:
        front = [t for t in left if not any(_dominates(other, t) for other in left)]
        left = [t for t in left if t not in front]
        others = sorted((t for t in front if t is not best), key=lambda t: (-t.kept, t.removed))
        chosen += _spread(others, count - len(chosen))
    return chosen


def _dominates(one: Trial, other: Trial) -> bool:
    better = (one.kept, one.removed), (other.kept, other.removed)
    return better[0] != better[1] and one.kept >= other.kept and one.removed >= other.removed


def _spread(front: Sequence[Trial], count: int) -> list[Trial]:
    if len(front) <= count:
        return list(front)
    last = len(front) - 1
    return [front[round(place * last / max(1, count - 1))] for place in range(count)]


def settings_of(frozen: Frozen) -> tuple[list[GuidanceMethod], list[GuidanceMethod]]:
    """Return the chosen settings, and the further ones of all frontiers, each once."""
    every = [[method_from(c.method, s) for s in c.settings] for c in frozen.contestants.values()]
    best = list(dict.fromkeys(settings[0] for settings in every))
    others = dict.fromkeys(method for settings in every for method in settings[1:])
    return best, [method for method in others if method not in best]


def _by_name(frozen: Frozen) -> dict[str, GuidanceMethod]:
    return {name: method_from(c.method, c.settings[0]) for name, c in frozen.contestants.items()}


def _test_jobs(test: Sequence[Pair], best: Sequence[GuidanceMethod], seeds: int) -> list[Job]:
    return jobs_of(test, [method_from(UNGUIDED, {}), *best], seeds)


def _control_jobs(
    test: Sequence[Pair], pairs: Iterable[Pair], best: Sequence[GuidanceMethod], seeds: int
) -> list[Job]:
    return jobs_of(wrong_negatives(test, pairs), best, seeds)
