"""How often our intervals cover the truth on a real design, counted over simulated outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from negjudge.statistics.clusters import Difference, Floats, Interval
from negjudge.statistics.ppi import Labelled, difference, rates
from studies.coverage.design import Design, Effects, judged, outcomes

ACCEPTED = (0.92, 0.98)


@dataclass(frozen=True)
class Cell:
    """How often one interval covered in one setting.

    ``error`` is the Monte Carlo standard error; ``above`` and ``below`` are how often the interval lay wholly
    above and below the truth; ``width`` its mean width; ``needed`` is 3.92 standard deviations of the
    estimate, what a normal one would need; ``bias`` the mean estimate less the truth. ``saved`` is the mean
    share of labels that a judge spared.
    """

    interval: str
    design: str
    effects: str
    rate: float
    other: float | None
    accuracy: float | None
    replications: int
    coverage: float
    error: float
    above: float
    below: float
    width: float
    needed: float
    bias: float
    saved: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether it covers as often as it should."""
        return ACCEPTED[0] <= self.coverage <= ACCEPTED[1]


@dataclass(frozen=True)
class Setting:
    """What is simulated: a design, effects, a rate, replications, and bootstrap draws an interval."""

    design: Design
    effects: Effects
    rate: float
    replications: int
    draws: int
    seed: int = 0

    def cell(
        self,
        name: str,
        found: Sequence[Interval | Difference],
        truth: float | Floats,
        other: float | None = None,
        accuracy: float | None = None,
        saved: float | None = None,
    ) -> Cell:
        """Return how often intervals covered the truth, one for all or one each; no interval covers all."""
        ends = [(-np.inf if i.low is None else i.low, np.inf if i.high is None else i.high) for i in found]
        low, high = np.array(ends).T
        covered = float(np.mean((low <= truth) & (truth <= high)))
        return Cell(
            interval=name,
            design=self.design.name,
            effects=self.effects.name,
            rate=self.rate,
            other=other,
            accuracy=accuracy,
            replications=len(found),
            coverage=covered,
            error=float((max(covered * (1 - covered), 1 / len(found)) / len(found)) ** 0.5),
            above=float(np.mean(low > truth)),
            below=float(np.mean(high < truth)),
            width=float(np.mean(high - low)),
            needed=float(3.92 * np.std(np.array([i.estimate for i in found]) - truth)),
            bias=float(np.mean(np.array([i.estimate for i in found]) - truth)),
            saved=saved,
        )

    def generator(self) -> np.random.Generator:
        """Return the same random numbers whenever asked."""
        return np.random.default_rng(self.seed)


def all_labelled(setting: Setting, apart: float) -> Iterator[Cell]:
    """Yield the cells of the rate, and of two methods' difference with equal rates and with ``apart``."""
    design, count = setting.design, setting.replications
    clusters = design.clusters(setting.draws)
    for other in (setting.rate, apart):
        pair = outcomes(design, setting.effects, setting.rate, count, setting.generator(), other)
        if other == setting.rate:
            yield setting.cell("rate", [clusters.rate(one) for one in pair[0]], setting.rate)
        gaps = [clusters.difference(one, two) for one, two in zip(*pair, strict=True)]
        yield setting.cell("difference", gaps, setting.rate - other, other=other)


def few_labelled(setting: Setting, accuracy: float, share: float) -> Iterator[Cell]:
    """Yield the cells of a rate from a share of labels: people, judge, both, and both of these pictures."""
    design, rng = setting.design, setting.generator()
    truth, _ = outcomes(design, setting.effects, setting.rate, setting.replications, rng)
    calls = judged(truth, design, accuracy, rng)
    clusters = design.clusters(setting.draws)
    found = [
        rates(Labelled.of(_some(one, share, rng), said, share), clusters)
        for one, said in zip(truth, calls, strict=True)
    ]
    saved = float(np.mean([one.saved for one in found]))
    for name in ("people", "judge", "powered"):
        part = [getattr(one, name) for one in found]
        yield setting.cell(
            name, part, setting.rate, accuracy=accuracy, saved=saved if name == "powered" else None
        )
    pictures = [one.of_pictures for one in found]
    yield setting.cell("these pictures", pictures, truth.mean(axis=1), accuracy=accuracy)


def biased_judge(setting: Setting, accuracy: float, share: float, forced: float) -> Iterator[Cell]:
    """Yield the cells of a difference of 0 where the judge calls more of the first method's pictures."""
    design, rng = setting.design, setting.generator()
    pair = outcomes(design, setting.effects, setting.rate, setting.replications, rng, setting.rate)
    calls = [judged(one, design, accuracy, rng, bias) for one, bias in zip(pair, (forced, 0.0), strict=True)]
    clusters, twice = design.clusters(setting.draws), design.clusters(setting.draws, times=2)
    gaps = []
    for one, two, *said in zip(*pair, *calls, strict=True):
        first, second = (
            Labelled.of(_some(y, share, rng), f, share) for y, f in zip((one, two), said, strict=True)
        )
        gaps.append(difference(first, second, twice))
    people, powered = zip(*gaps, strict=True)
    alone = [clusters.difference(*said) for said in zip(*calls, strict=True)]
    for name, found in (("people", people), ("judge", alone), ("powered", powered)):
        yield setting.cell(f"{name}, difference, biased", found, 0.0, setting.rate, accuracy)


def _some(truth: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Return the labels of a share of pictures drawn at random, nan for the others."""
    order = rng.permutation(truth.size)
    return np.where(order < round(share * truth.size), truth, np.nan)
