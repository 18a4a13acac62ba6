"""What a contest is asked for: an evaluation with contestants and budgets."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negjudge.data.records import Pair
from negjudge.data.runs import FROZEN
from negjudge.errors import NegjudgeError
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.generation.recipe import GeneratorRecipe
from negjudge.guidance.methods import UNGUIDED
from negjudge.recipes import config_files, load_recipe, read_yaml, require_least
from negjudge.tuning.frozen import Level
from negjudge.tuning.objective import Search
from negjudge.tuning.readers import Reader, judge_reader, oracle_reader


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A contestant: a method, what of it is searched, and what is fixed."""

    method: str
    """A guidance method, such as vsf."""
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
        require_least(self, trials=1, test_seeds=1, frontier=1, control_seeds=0)
        if self.dev_seeds < 2 or self.dev_seeds % 2:
            raise ValueError(f"key 'dev_seeds' is {self.dev_seeds}, expected an even number: CFG gets half")
        if not 1 <= self.frontier_seeds <= self.test_seeds:
            raise ValueError(f"key 'frontier_seeds' is {self.frontier_seeds}, expected 1 to test_seeds")
        for level in self.matched:
            if not 0 < level.at <= 1:
                raise ValueError(f"key 'matched' has {level.measure} at {level.at:g}, expected a share: 0.95")

    @property
    def search(self) -> Search:
        """How the settings are drawn."""
        return Search(self.trials, self.sampler_seed)

    def find_reader(self, pairs: Mapping[str, Pair]) -> Reader:
        """Return who reads the dev pictures: the oracle where there is one, else the judge."""
        if self.reader:
            return oracle_reader(self.reader)
        if not self.dev_judge:
            raise NegjudgeError(
                "keys 'reader' and 'dev_judge' are both empty; name who reads the dev pictures"
            )
        return judge_reader(self.dev_judge, pairs, self.device)


def load_evaluation(argv: Sequence[str] | None = None, prog: str | None = None) -> EvalRecipe:
    """Return the recipe that a command line gives, or a contest's.

    Raises as ``load_recipe`` does, and where the run folder holds a contest and the recipe is none.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    if any("contestants" in read_yaml(file) for file in config_files(given)):
        return load_recipe(ContestRecipe, given, prog)
    recipe = load_recipe(EvalRecipe, given, prog)
    if (Path(recipe.run) / FROZEN).is_file():
        raise NegjudgeError(
            f"{recipe.run} holds a contest; give the recipe that it was held by (eval/recipes/contest)"
        )
    return recipe
