"""Searches every method's setting on the dev pairs: ``python -m generate.tune --config FILE``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negjudge.data.pairs import read_pairs, select_pairs
from negjudge.data.records import Pair
from negjudge.data.runs import HISTORY, run_folder
from negjudge.data.splits import sound_splits
from negjudge.errors import NegjudgeError, command
from negjudge.generation.jobs import PictureSet
from negjudge.generation.recipe import PictureRecipe
from negjudge.generation.settings import write_settings
from negjudge.recipes import load_recipe
from negjudge.tuning.objective import Contestant, Objective, Search
from negjudge.tuning.readers import Reader, judge_reader, oracle_reader
from negjudge.tuning.search import best_of, search_all


@dataclass(frozen=True, kw_only=True)
class Recipe(PictureRecipe):
    """The setting of each method with the highest success on the dev pairs, for equal budgets."""

    spaces: dict[str, dict[str, list[float] | list[str]]]
    """What is searched: method, parameter, and its lowest value, highest value and step, or its choices."""
    fixed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Settings of a method that are not searched, such as how its negative is padded."""
    dev: PictureSet
    """The pairs on which settings are tried; CFG, with two evaluations a step, gets half the seeds."""
    trials: int = 24
    """Settings tried of each method."""
    sampler_seed: int = 0
    """Seed of Optuna's TPE sampler."""
    repeats: bool = False
    """Let the sampler try a setting again, which gives the same pictures."""
    reader: str | None = "minilab.oracle:read_files"
    """Who reads the pictures, as module:function from paths to readings; null where a judge does."""
    judge: str | None = None
    """Folder or Hub id of the judge that reads the pictures, where no oracle can."""
    output: str
    """YAML file for the settings found."""

    @property
    def search(self) -> Search:
        """How the settings are drawn."""
        return Search(self.trials, self.sampler_seed, self.repeats)

    def find_reader(self, pairs: Mapping[str, Pair]) -> Reader:
        """Return who reads the pictures: the judge where one is named, else the oracle."""
        if self.judge:
            return judge_reader(self.judge, pairs)
        if not self.reader:
            raise NegjudgeError("keys 'reader' and 'judge' are both empty; name who reads the pictures")
        return oracle_reader(self.reader)


@command
def main(argv: list[str] | None = None) -> None:
    """Search method by method, write the best settings, and say what they are."""
    recipe = load_recipe(Recipe, argv, prog="python -m generate.tune")
    pairs = read_pairs(recipe.pairs)
    dev = select_pairs(pairs, sound_splits(recipe.splits, pairs), recipe.dev.splits)
    contestants = [Contestant(m, m, space, recipe.fixed.get(m, {})) for m, space in recipe.spaces.items()]
    run, model, reader = run_folder(recipe.run), recipe.find_model(), recipe.find_reader(pairs)
    objective = Objective(model, dev, recipe.dev.seeds, recipe.rendering, reader, recipe.search, run)

    best = {name: best_of(tried) for name, tried in search_all(objective, contestants).items()}
    settings = {c.name: {**best[c.name].params, **c.fixed} for c in contestants}
    figures = {name: trial.figures("pictures", "evaluations", "number") for name, trial in best.items()}
    search = objective.provenance() | {"best": figures}
    history = write_settings(Path(recipe.output), settings, search, run / HISTORY)
    for trial in best.values():
        print(trial.summary())
    print(f"settings in {recipe.output}, the search's history in {history}")


if __name__ == "__main__":
    sys.exit(main())
