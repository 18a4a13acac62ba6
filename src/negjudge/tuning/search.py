"""The search for each method's setting on the dev pairs: equal budgets, one sampler, its history kept."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from statistics import fmean

import optuna

from negjudge.data.records import append_records, read_records
from negjudge.data.runs import HISTORY
from negjudge.errors import NegjudgeError
from negjudge.oracle.outcomes import Outcome
from negjudge.progress import progress_bar
from negjudge.tuning.objective import Contestant, Objective, Search, Values
from negjudge.tuning.trials import Trial

Distribution = optuna.distributions.BaseDistribution
Point = tuple[float | str, ...]


def search_all(objective: Objective, contestants: Sequence[Contestant]) -> dict[str, list[Trial]]:
    """Return the trials of each contestant by its name; each gets equally many, and denoiser evaluations.

    Raises NegjudgeError where a contestant cannot be searched, before the first picture is made.
    """
    trials = objective.search.trials
    for contestant in contestants:
        settings = math.prod(len(_values(axis)) for axis in grid_of(contestant).values())
        if settings < trials and not objective.search.repeats:
            raise NegjudgeError(
                f"spaces: {contestant.name} has {settings} settings, fewer than the {trials} to try of each; "
                "widen its space, or lower 'trials'"
            )
    found: dict[str, list[Trial]] = {contestant.name: [] for contestant in contestants}
    with progress_bar("unguided", trials * len(contestants), "settings") as advance:
        for contestant in contestants:
            for trial in search(objective, contestant):
                found[contestant.name].append(trial)
                advance(1, f"{contestant.name}, best success {trial.best:.2f}")
    return found


def best_of(trials: Iterable[Trial]) -> Trial:
    """Return the best trial: most success, then least collateral, then the earliest."""
    return min(trials, key=lambda trial: trial.rank)


def search(objective: Objective, contestant: Contestant) -> Iterator[Trial]:
    """Yield the trials of a contestant, those in the history first; each new one is added to it.

    The sampler (Optuna's multivariate TPE) is asked and told again what the history holds, and so goes on as
    if never stopped. What it draws a second time would give the same pictures, and a method of one parameter
    would pay for that most: the nearest setting not yet tried takes its place, unless the search allows
    repeats. Raises NegjudgeError where the history is of another search.
    """
    context = objective.context(contestant)
    history = objective.folder / HISTORY
    past = {t.number: t for t in read_records(history, Trial) if t.method == contestant.name}
    study = _study(objective.search)
    grid = grid_of(contestant)
    best, tried = 0.0, set[Point]()
    for number in range(objective.search.trials):
        asked = study.ask(grid)
        other = None if objective.search.repeats else _nearest_untried(grid, _point(asked, grid), tried)
        if other is not None:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)  # which the sampler does not learn from
            study.enqueue_trial(dict(zip(grid, other, strict=True)))
            asked = study.ask(grid)
        point = _point(asked, grid)
        tried.add(point)
        params = dict(zip(grid, point, strict=True))
        trial = past.get(number)
        if trial is None:
            trial = _try(objective, contestant, number, params, best, context)
            append_records(history, [trial])
        elif trial.context != context or dict(trial.params) != params:
            raise NegjudgeError(
                f"{history} is the history of another search (model, pairs, budget or space differ); choose "
                "another run folder, or remove it"
            )
        study.tell(asked, trial.success)
        best = trial.best
        yield trial


def _try(
    objective: Objective,
    contestant: Contestant,
    number: int,
    params: Mapping[str, float | str],
    best: float,
    context: str,
) -> Trial:
    outcomes = objective.outcomes(contestant.guidance(params), f"{_folder(contestant.name)}-{number:03d}")
    rates = summarise(outcomes)
    evaluations = len(outcomes) * objective.rendering.steps * contestant.evaluations
    best = max(best, rates["success"])
    return Trial(
        contestant.name, number, params, len(outcomes), evaluations, **rates, best=best, context=context
    )


def _folder(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def summarise(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the mean success, kept, removed and collateral; collateral over the outcomes that have one."""
    collateral = [o.collateral for o in outcomes if o.collateral is not None]
    return {
        "success": fmean(o.success for o in outcomes),
        "kept": fmean(o.kept for o in outcomes),
        "removed": fmean(o.removed for o in outcomes),
        "collateral": fmean(collateral) if collateral else 0.0,
    }


def _study(search: Search) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(
        seed=search.sampler_seed, n_startup_trials=max(1, search.trials // 3), multivariate=True
    )
    return optuna.create_study(direction="maximize", sampler=sampler)


def grid_of(contestant: Contestant) -> dict[str, Distribution]:
    """Return what the sampler draws from; NegjudgeError where the method does not know what is searched."""
    where = f"spaces: {contestant.name}"
    if not contestant.space:
        raise NegjudgeError(f"{where} is empty; name a parameter to search")
    grid = {name: _distribution(f"{where}.{name}", values) for name, values in contestant.space.items()}
    try:
        for name, values in contestant.space.items():
            for value in values if isinstance(values[0], str) else values[:2]:
                contestant.guidance({name: value})
    except NegjudgeError as error:
        raise NegjudgeError(f"{where}: {error}") from None
    return grid


def _point(trial: optuna.Trial, grid: Iterable[str]) -> Point:
    values = [trial.params[name] for name in grid]
    return tuple(value if isinstance(value, str) else round(value, 6) for value in values)


def _nearest_untried(grid: Mapping[str, Distribution], point: Point, tried: Set[Point]) -> Point | None:
    """Return the untried setting nearest to a tried one; None for one that is untried, or if none is left.

    A word has no neighbours: all others are one step away.
    """
    if point not in tried:
        return None
    axes = [_values(distribution) for distribution in grid.values()]
    here = [axis.index(value) for axis, value in zip(axes, point, strict=True)]

    def steps(places: tuple[int, ...]) -> int:
        apart = [abs(a - b) for a, b in zip(places, here, strict=True)]
        return sum(min(a, 1) if isinstance(v, str) else a for a, v in zip(apart, point, strict=True))

    def at(places: tuple[int, ...]) -> Point:
        return tuple(axis[place] for axis, place in zip(axes, places, strict=True))

    untried = (p for p in itertools.product(*map(range, map(len, axes))) if at(p) not in tried)
    nearest = min(untried, key=lambda places: (steps(places), places), default=None)
    return None if nearest is None else at(nearest)


def _values(distribution: Distribution) -> list[float | str]:
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return [str(choice) for choice in distribution.choices]
    assert isinstance(distribution, optuna.distributions.FloatDistribution)
    step = distribution.step or 1.0
    return [
        round(distribution.low + place * step, 6)
        for place in range(round((distribution.high - distribution.low) / step) + 1)
    ]


def _distribution(where: str, values: Values) -> Distribution:
    words = [value for value in values if isinstance(value, str)]
    numbers = [value for value in values if not isinstance(value, str)]
    if len(words) >= 2 and not numbers and len(set(words)) == len(words):
        return optuna.distributions.CategoricalDistribution(words)
    if words or len(numbers) != 3 or not numbers[0] < numbers[1] or numbers[2] <= 0:
        raise NegjudgeError(
            f"{where} is {list(values)}, expected [lowest, highest, step] or words to choose from"
        )
    return optuna.distributions.FloatDistribution(numbers[0], numbers[1], step=numbers[2])
