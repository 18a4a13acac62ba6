"""What settings are tried on: a contestant's method, the dev pairs, and who reads the pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from negjudge.data.records import Pair, Sample, sample_id
from negjudge.errors import NegjudgeError
from negjudge.generation.jobs import Rendering, jobs_of
from negjudge.generation.pipelines import Model
from negjudge.generation.samples import generate
from negjudge.guidance import GuidanceMethod, Plain, method_from
from negjudge.guidance.methods import METHODS
from negjudge.oracle.outcomes import Outcome, Reading, outcome
from negjudge.tuning.readers import Reader

Values = Sequence[float] | Sequence[str]
Space = Mapping[str, Values]
# What pictures of a pair and their outcomes depend on.
_DETERMINANTS = ("id", "object", "element", "prompt", "negative", "essential", "others")


@dataclass(frozen=True)
class Contestant:
    """A method in a search, under a name of its own, with what of it is searched and what is fixed.

    ``space`` gives each searched parameter its lowest and highest value and its step, or else its choices,
    which are words.
    """

    name: str
    method: str
    space: Space
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def guidance(self, params: Mapping[str, Any]) -> GuidanceMethod:
        """Return the method with the settings of a trial and those that are fixed."""
        return method_from(self.method, {**params, **self.fixed})

    @property
    def evaluations(self) -> int:
        """Denoiser evaluations of one picture in one sampler step."""
        return METHODS[self.method].evaluations


@dataclass(frozen=True)
class Search:
    """How settings are drawn: ``trials`` of each contestant, by Optuna's TPE sampler from ``sampler_seed``.

    With ``repeats`` the sampler may draw a setting again, which gives the same pictures.
    """

    trials: int
    sampler_seed: int = 0
    repeats: bool = False


@dataclass(frozen=True)
class Objective:
    """What every setting is tried on: a model, dev pairs and seeds, who reads the pictures, and the search.

    ``seeds`` is for methods of one denoiser evaluation a step; CFG takes two, and so gets half the seeds.
    """

    model: Model
    pairs: Sequence[Pair]
    seeds: int
    rendering: Rendering
    reader: Reader
    search: Search
    folder: Path

    def __post_init__(self) -> None:
        if not self.pairs or self.seeds < 2 or self.seeds % 2:
            raise NegjudgeError("dev needs pairs and an even number of seeds, as CFG gets half of them")

    @cached_property
    def unguided(self) -> list[tuple[Sample, Reading]]:
        """The plain pictures, against which collateral is counted, with their readings."""
        return self._read(Plain(), self.seeds, Plain.name)

    def outcomes(self, method: GuidanceMethod, name: str) -> list[Outcome]:
        """Make and read the pictures of one setting in the folder trials/NAME."""
        plain = {(sample.pair, sample.seed): reading for sample, reading in self.unguided}
        read = self._read(method, self.seeds // method.evaluations, name)
        return [outcome(sample, reading, plain[sample.pair, sample.seed]) for sample, reading in read]

    def context(self, contestant: Contestant) -> str:
        """Return 16 hex over all that a contestant's history depends on."""
        pairs = [{name: getattr(pair, name) for name in _DETERMINANTS} for pair in self.pairs]
        fixed = {"fixed": dict(contestant.fixed)} if contestant.fixed else {}
        return sample_id(space=dict(contestant.space), pairs=pairs, search=self.provenance(), **fixed)

    def provenance(self) -> dict[str, Any]:
        """Return how settings are searched here, as it stands in a settings file."""
        pictures, search = len(self.pairs) * self.seeds, self.search
        return {
            "sampler": "TPE" if search.repeats else "TPE without repeats",
            "sampler_seed": search.sampler_seed,
            "trials": search.trials,
            "denoiser_evaluations": search.trials * pictures * self.rendering.steps,
            "scorer": self.reader.name,  # so in files, and in the hashes over them
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
        readings = self.reader.read([folder / sample.image for sample in made.samples], made.samples)
        return list(zip(made.samples, readings, strict=True))
