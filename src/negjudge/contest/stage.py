"""The comparison of methods: search on dev, freeze, and make the pictures of the test pairs once."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from negjudge.contest.pareto import frontier_of
from negjudge.contest.recipe import ContestRecipe
from negjudge.data.pairs import read_pairs, select_pairs
from negjudge.data.records import Pair, sample_id
from negjudge.data.runs import CONTROL, FRONTIER, HISTORY, TUNE
from negjudge.data.splits import sound_splits
from negjudge.generation.cost import measure_cost
from negjudge.generation.jobs import Job, jobs_of, wrong_negatives
from negjudge.generation.samples import Made, generate
from negjudge.guidance import GuidanceMethod, method_from
from negjudge.guidance.methods import UNGUIDED
from negjudge.tuning.frozen import PRIMARY_OUTCOME, Chosen, Frozen, freeze, require_plan
from negjudge.tuning.objective import Contestant, Objective
from negjudge.tuning.search import search_all
from negjudge.tuning.trials import Trial


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


def run_contest(recipe: ContestRecipe, run: Path) -> Contest:
    """Search, freeze, and make the test's pictures; what the run folder holds is not made again.

    Raises NegjudgeError where the run folder holds another search or froze other settings.
    """
    pairs = read_pairs(recipe.pairs)
    splits = sound_splits(recipe.splits, pairs)
    model, rendering = recipe.generator.find_model(), recipe.generator.rendering
    dev, test = (select_pairs(pairs, splits, [f"methods/{part}"]) for part in ("dev", "test"))
    contestants = [Contestant(name, e.method, e.space, e.fixed) for name, e in recipe.contestants.items()]
    reader = recipe.find_reader(pairs)
    objective = Objective(model, dev, recipe.dev_seeds, rendering, reader, recipe.search, run / TUNE)
    plan = plan_of(recipe, objective, contestants, test)
    require_plan(run, plan)

    trials = search_all(objective, contestants)
    frozen = freeze(run, decide(recipe, objective, contestants, trials, test, plan))
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
    recipe: ContestRecipe, objective: Objective, contestants: Sequence[Contestant], test: Sequence[Pair]
) -> str:
    """Return 16 hex over all of a contest that is known before its search."""
    return sample_id(
        contestants=[dataclasses.asdict(contestant) for contestant in contestants],
        search=objective.provenance(),
        dev=[dataclasses.asdict(pair) for pair in objective.pairs],
        test=[dataclasses.asdict(pair) for pair in test],
        frontier=recipe.frontier,
        matched=[dataclasses.asdict(level) for level in recipe.matched],
        seeds=[recipe.test_seeds, recipe.frontier_seeds, recipe.control_seeds],
    )


def decide(
    recipe: ContestRecipe,
    objective: Objective,
    contestants: Sequence[Contestant],
    trials: Mapping[str, Sequence[Trial]],
    test: Sequence[Pair],
    plan: str,
) -> Frozen:
    """Return what the search decides: the chosen settings, the frontiers, and what will be compared."""
    chosen = {}
    for contestant in contestants:
        settings = frontier_of(trials[contestant.name], recipe.frontier)
        chosen[contestant.name] = Chosen(
            method=contestant.method,
            settings=tuple(dict(contestant.guidance(trial.params).params) for trial in settings),
            dev=settings[0].figures("number"),
            evaluations=contestant.evaluations,
        )
    return Frozen(
        primary=PRIMARY_OUTCOME,
        contestants=chosen,
        matched=tuple(recipe.matched),
        test=tuple(pair.id for pair in test),
        seeds=recipe.test_seeds,
        frontier_seeds=recipe.frontier_seeds,
        plan=plan,
        history=hashlib.sha256((objective.folder / HISTORY).read_bytes()).hexdigest(),
        search=objective.provenance(),
    )


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
