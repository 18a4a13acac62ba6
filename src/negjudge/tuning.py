"""The search for each method's setting on the dev pairs: equal budgets, one sampler, its history kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

import optuna
import yaml

from negjudge.durable import write_atomically
from negjudge.errors import NegjudgeError
from negjudge.generation import generate
from negjudge.guidance import GuidanceMethod, method_from
from negjudge.jobs import Rendering, jobs_of
from negjudge.metrics import EVALUATIONS, Outcome, Reading, outcome
from negjudge.pipelines import Model
from negjudge.progress import progress_bar
from negjudge.records import Pair, Sample, append_records, read_records, sample_id

HISTORY = "tuning.jsonl"
Scorer = Callable[[Sequence[Path]], Sequence[Reading]]
Space = Mapping[str, Sequence[float]]
# What pictures of a pair and their outcomes depend on.
_DETERMINANTS = ("id", "object", "element", "prompt", "negative", "essential", "others")


@dataclass(frozen=True)
class Trial:
    """One setting of one method on the dev pairs: rates over its pictures, and the best success so far.

    ``evaluations`` counts forwards of the denoiser, one picture each; ``context`` stands for everything else
    that the rates depend on.
    """

    method: str
    number: int
    params: Mapping[str, float]
    pictures: int
    evaluations: int
    success: float
    kept: float
    removed: float
    collateral: float
    best: float
    context: str

    def summary(self) -> str:
        """Return the line that a person reads."""
        params = ", ".join(f"{name} {value:g}" for name, value in self.params.items())
        rates = f"success {self.success:.2f}, kept {self.kept:.2f}, removed {self.removed:.2f}"
        return f"{self.method}: {params}: {rates}, collateral {self.collateral:.2f}, {self.pictures} pictures"

    @property
    def rank(self) -> tuple[float, float, int]:
        """Sorts the best first: success, then little collateral, then the earlier."""
        return -self.success, self.collateral, self.number


@dataclass(frozen=True)
class Bench:
    """What every setting is tried on: a model, dev pairs and seeds, and who reads the pictures.

    ``seeds`` is for methods of one denoiser evaluation a step; CFG takes two, and so gets half the seeds.
    ``fixed`` are settings of a method that every trial of it has.
    """

    model: Model
    pairs: Sequence[Pair]
    seeds: int
    rendering: Rendering
    scorer: Scorer
    folder: Path
    fixed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.pairs or self.seeds < 2 or self.seeds % 2:
            raise NegjudgeError("dev needs pairs and an even number of seeds, as CFG gets half of them")

    @cached_property
    def unguided(self) -> list[tuple[Sample, Reading]]:
        """The plain pictures, against which collateral is counted, with their readings."""
        return self._read(method_from("none", {}), self.seeds, "none")

    def outcomes(self, method: GuidanceMethod, name: str) -> list[Outcome]:
        """Make and read the pictures of one setting in the folder trials/NAME."""
        plain = {(sample.pair, sample.seed): reading for sample, reading in self.unguided}
        read = self._read(method, self.seeds // EVALUATIONS[method.name], name)
        return [outcome(sample, reading, plain[sample.pair, sample.seed]) for sample, reading in read]

    def method(self, name: str, params: Mapping[str, Any]) -> GuidanceMethod:
        """Return a method with the settings of a trial and those that are fixed."""
        return method_from(name, {**params, **self.fixed.get(name, {})})

    def context(self, method: str, space: Space, trials: int, sampler_seed: int) -> str:
        """Return 16 hex over all that a method's history depends on."""
        pairs = [{name: getattr(pair, name) for name in _DETERMINANTS} for pair in self.pairs]
        fixed = {"fixed": dict(self.fixed[method])} if method in self.fixed else {}
        return sample_id(
            space=dict(space), pairs=pairs, search=self.provenance(trials, sampler_seed), **fixed
        )

    def provenance(self, trials: int, sampler_seed: int) -> dict[str, Any]:
        """Return how settings are searched here, as it stands in a settings file."""
        pictures = len(self.pairs) * self.seeds
        return {
            "sampler": "TPE",
            "sampler_seed": sampler_seed,
            "trials": trials,
            "denoiser_evaluations": trials * pictures * self.rendering.steps,
            "scorer": f"{self.scorer.__module__}:{self.scorer.__qualname__}",
            "model": self.model.name,
            "revision": self.model.revision,
            "device": self.model.device,
            "dtype": self.model.dtype,
            **dataclasses.asdict(self.rendering),
            "pairs": [pair.id for pair in self.pairs],
            "seeds": self.seeds,
        }

    def _read(self, method: GuidanceMethod, seeds: int, name: str) -> list[tuple[Sample, Reading]]:
        folder = self.folder / "trials" / name
        made = generate(self.model, jobs_of(self.pairs, [method], seeds), folder, self.rendering, bar=False)
        readings = self.scorer([folder / sample.image for sample in made.samples])
        return list(zip(made.samples, readings, strict=True))


def search_all(bench: Bench, spaces: Mapping[str, Space], trials: int, sampler_seed: int) -> dict[str, Trial]:
    """Return the best trial of each method: most success, then least collateral, then the earliest.

    Every method gets the same number of trials and of denoiser evaluations.
    """
    best: dict[str, Trial] = {}
    with progress_bar("unguided", trials * len(spaces), "settings") as advance:
        for method, space in spaces.items():
            for trial in search(bench, method, space, trials, sampler_seed):
                best[method] = min(best.get(method, trial), trial, key=lambda t: t.rank)
                advance(1, f"{method}, best success {trial.best:.2f}")
    return best


def search(bench: Bench, method: str, space: Space, trials: int, sampler_seed: int) -> Iterator[Trial]:
    """Yield the trials of a method, those in the history first; each new one is added to it.

    ``space`` gives each parameter its lowest and highest value and its step. The sampler (Optuna's
    multivariate TPE) is asked and told again what the history holds, and so goes on as if never stopped.
    Raises NegjudgeError where the history is of another search.
    """
    context = bench.context(method, space, trials, sampler_seed)
    past = {t.number: t for t in read_records(bench.folder / HISTORY, Trial) if t.method == method}
    study = _study(trials, sampler_seed)
    grid: dict[str, optuna.distributions.BaseDistribution] = {
        name: _distribution(method, name, values) for name, values in space.items()
    }
    best = 0.0
    for number in range(trials):
        asked = study.ask(grid)
        params = {name: round(value, 6) for name, value in asked.params.items()}
        trial = past.get(number)
        if trial is None:
            trial = _try(bench, method, number, params, best, context)
            append_records(bench.folder / HISTORY, [trial])
        elif trial.context != context or dict(trial.params) != params:
            raise NegjudgeError(
                f"{bench.folder / HISTORY} is the history of another search (model, pairs, budget or space "
                "differ); choose another run folder, or remove it"
            )
        study.tell(asked, trial.success)
        best = trial.best
        yield trial


def write_settings(
    path: Path,
    best: Mapping[str, Trial],
    provenance: Mapping[str, Any],
    history: Path,
    fixed: Mapping[str, Mapping[str, Any]],
) -> Path:
    """Write each method's best setting, and under ``search`` how it was found, as a settings file.

    The search's history is stored beside it, as JSON lines, so that one is never kept without the other.
    Returns where.
    """
    figures = ("success", "kept", "removed", "collateral", "pictures", "evaluations", "number")
    found = {name: {key: round(getattr(trial, key), 4) for key in figures} for name, trial in best.items()}
    settings: dict[str, Any] = {name: {**trial.params, **fixed.get(name, {})} for name, trial in best.items()}
    settings["search"] = {**provenance, "best": found}
    text = yaml.safe_dump(settings, sort_keys=False, width=110, default_flow_style=None)
    write_atomically(path, f"# Written by `make tune`, read by `make generate`.\n{text}")
    kept = path.with_suffix(".jsonl")
    write_atomically(kept, history.read_bytes())
    return kept


def _try(
    bench: Bench, method: str, number: int, params: Mapping[str, float], best: float, context: str
) -> Trial:
    outcomes = bench.outcomes(bench.method(method, params), f"{method}-{number:03d}")
    rates = summarise(outcomes)
    evaluations = len(outcomes) * bench.rendering.steps * EVALUATIONS[method]
    best = max(best, rates["success"])
    return Trial(method, number, params, len(outcomes), evaluations, **rates, best=best, context=context)


def summarise(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the mean success, kept, removed and collateral; collateral over the outcomes that have one."""
    collateral = [o.collateral for o in outcomes if o.collateral is not None]
    return {
        "success": fmean(o.success for o in outcomes),
        "kept": fmean(o.kept for o in outcomes),
        "removed": fmean(o.removed for o in outcomes),
        "collateral": fmean(collateral) if collateral else 0.0,
    }


def _study(trials: int, seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(1, trials // 3), multivariate=True)
    return optuna.create_study(direction="maximize", sampler=sampler)


def _distribution(method: str, name: str, values: Sequence[float]) -> optuna.distributions.FloatDistribution:
    if len(values) != 3 or not values[0] < values[1] or values[2] <= 0:
        raise NegjudgeError(f"spaces: {method}.{name} is {list(values)}, expected [lowest, highest, step]")
    return optuna.distributions.FloatDistribution(values[0], values[1], step=values[2])
