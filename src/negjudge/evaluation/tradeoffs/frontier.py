"""The methods over several settings each: their frontiers, and how they compare where one thing is equal."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from negjudge.data.records import Params, Sample
from negjudge.evaluation.evidence.scored import MEASURES, Scored, clusters_of
from negjudge.guidance.methods import UNGUIDED
from negjudge.statistics.clusters import Clusters, Difference, Floats, Interval, Statistic, holm
from negjudge.tuning.frozen import Frozen, Level, setting_key


@dataclass(frozen=True)
class Point:
    """A contestant's rates at one setting, over the pictures that all settings have."""

    method: str
    params: Params
    chosen: bool
    pictures: int
    kept: Interval
    removed: Interval
    success: Interval
    collateral: Interval | None
    quality: Interval | None


@dataclass(frozen=True)
class Held:
    """The most success that a contestant reaches where ``measure`` is held at a level."""

    method: str
    rate: Interval


@dataclass(frozen=True)
class Gap:
    """The difference of two contestants there, corrected by Holm's method over all of that level."""

    first: str
    second: str
    difference: Difference


@dataclass(frozen=True)
class Matched:
    """The contestants where one measure is equal; ``limit`` is the value that ``at`` stood for."""

    measure: str
    at: float
    limit: float
    rates: tuple[Held, ...]
    gaps: tuple[Gap, ...]

    @property
    def ordered(self) -> list[Held]:
        """The contestants, those with the most success first."""
        return sorted(self.rates, key=lambda held: -np.nan_to_num(held.rate.estimate))

    def gap(self, first: str, second: str) -> Difference | None:
        """Return first less second, whichever way they were compared; ``None`` where they were not."""
        for gap in self.gaps:
            if (gap.first, gap.second) == (first, second):
                return gap.difference
            if (gap.first, gap.second) == (second, first):
                return gap.difference.turned()
        return None


@dataclass(frozen=True)
class Frontiers:
    """The points of all contestants and of no guidance by one source, and the comparisons at each level."""

    pictures: int
    pairs: int
    unguided: Point
    points: tuple[Point, ...]
    matched: tuple[Matched, ...]


@dataclass(frozen=True)
class _Column:
    """What was seen at one setting, picture by picture (n,); nan where there was nothing to tell."""

    values: Mapping[str, Floats]

    def mean(self, measure: str, weights: Floats) -> Floats:
        """Return the weighted mean of a measure in each draw (draws,), over the pictures that have it."""
        x = self.values[measure]
        told = np.isfinite(x)
        shares: Floats = weights[:, told] @ x[told] / np.maximum(weights[:, told].sum(axis=1), 1e-9)
        return shares


def frontiers(
    frozen: Frozen, scored: Sequence[Scored], lower_is_better: bool, draws: int
) -> Frontiers | None:
    """Return the frontiers by one source's view of chosen, frontier and unguided pictures.

    Where one measure is held equal, a contestant may draw lots between two of its settings, no guidance among
    them: what it reaches is the upper hull of its points (as for ROC curves, Provost and Fawcett 2001). The
    settings were frozen on dev, equally many for each. ``lower_is_better`` says that quality is a residual.
    """
    grid = _Grid(scored, frozen, lower_is_better, draws)
    if not grid.keys:
        return None
    points = [
        _point(grid, name, setting, number == 0, grid.column(name, number))
        for name, chosen in frozen.contestants.items()
        for number, setting in enumerate(chosen.settings)
    ]
    unguided = _point(grid, UNGUIDED, {}, True, grid.plain)
    matched = [found for level in frozen.matched if (found := _matched(grid, level)) is not None]
    pairs = len({pair for pair, _ in grid.keys})
    return Frontiers(len(grid.keys), pairs, unguided, tuple(points), tuple(matched))


class _Grid:
    """The pictures (pair and seed) that every setting of every contestant has, one column a setting."""

    def __init__(self, scored: Sequence[Scored], frozen: Frozen, lower_is_better: bool, draws: int) -> None:
        self.frozen, self.lower_is_better, self.draws = frozen, lower_is_better, draws
        found: dict[tuple[str, str], dict[tuple[str, int], Scored]] = {}
        for one in scored:
            setting = found.setdefault((one.sample.method, setting_key(one.sample.params)), {})
            setting[one.sample.pair, one.sample.seed] = one
        self._seen = {
            (name, number): found.get((name, setting_key(setting)), {})
            for name, chosen in frozen.contestants.items()
            for number, setting in enumerate(chosen.settings)
        }
        self.plain_seen = {(s.sample.pair, s.sample.seed): s for s in scored if s.sample.method == UNGUIDED}
        every = [self.plain_seen, *self._seen.values()]
        self.keys = [key for key in every[0] if all(key in one for one in every)]

    @cached_property
    def clusters(self) -> Clusters:
        samples: list[Sample] = [self.plain_seen[key].sample for key in self.keys]
        return clusters_of(samples, self.draws)

    @cached_property
    def plain(self) -> _Column:
        """The unguided pictures, which lose nothing."""
        column = self._column(self.plain_seen)
        return _Column({**column.values, "collateral": np.zeros(len(self.keys))})

    def column(self, name: str, number: int) -> _Column:
        return self._column(self._seen[name, number])

    def columns(self, name: str) -> list[_Column]:
        """Return a contestant's columns, no guidance the last."""
        return [
            *(self.column(name, n) for n in range(len(self.frozen.contestants[name].settings))),
            self.plain,
        ]

    def _column(self, seen: Mapping[tuple[str, int], Scored]) -> _Column:
        mine = [seen[key] for key in self.keys]
        return _Column({measure: _floats(mine, measure) for measure in (*MEASURES, "quality")})


def _floats(scored: Sequence[Scored], measure: str) -> Floats:
    values = [getattr(one, measure) for one in scored]
    return np.array([np.nan if value is None else float(value) for value in values])


def _point(grid: _Grid, name: str, setting: Params, chosen: bool, column: _Column) -> Point:
    told = np.isfinite(column.values["collateral"]).any()
    quality = column.values["quality"]
    return Point(
        method=name,
        params=setting,
        chosen=chosen,
        pictures=len(grid.keys),
        kept=grid.clusters.rate(column.values["kept"]),
        removed=grid.clusters.rate(column.values["removed"]),
        success=grid.clusters.rate(column.values["success"]),
        collateral=grid.clusters.bounded(lambda weights: column.mean("collateral", weights))
        if told
        else None,
        quality=grid.clusters.mean(quality) if np.isfinite(quality).all() else None,
    )


def _matched(grid: _Grid, level: Level) -> Matched | None:
    """Return the contestants where a measure is held at a level; ``None`` where nobody tells the measure."""
    names = list(grid.frozen.contestants)
    columns = {name: grid.columns(name) for name in names}
    if any(not np.isfinite(c.values[level.measure]).any() for found in columns.values() for c in found):
        return None
    reach = {name: _reach(grid, found, level) for name, found in columns.items()}
    gaps = {
        (a, b): grid.clusters.contrast(_less(reach[a], reach[b]), 0, 0)
        for a, b in itertools.combinations(names, 2)
    }
    corrected = holm({f"{a}\n{b}": gap for (a, b), gap in gaps.items()})
    return Matched(
        level.measure,
        level.at,
        abs(float(_limit(grid, level, np.ones((1, len(grid.keys))))[0])),
        tuple(Held(name, grid.clusters.bounded(reach[name])) for name in names),
        tuple(
            Gap(a, b, replace(gap, adjusted=corrected[f"{a}\n{b}"].adjusted)) for (a, b), gap in gaps.items()
        ),
    )


def _less(first: Statistic, second: Statistic) -> Statistic:
    return lambda weights: first(weights) - second(weights)


def _limit(grid: _Grid, level: Level, weights: Floats) -> Floats:
    """Return the value (draws,) that the measure must reach; of measures where less is better, negated."""
    if level.measure == "collateral":
        return np.full(len(weights), -level.at)
    plain = grid.plain.mean(level.measure, weights)
    return -plain / level.at if _negated(grid, level.measure) else level.at * plain


def _negated(grid: _Grid, measure: str) -> bool:
    return measure == "collateral" or (measure == "quality" and grid.lower_is_better)


def _reach(grid: _Grid, columns: Sequence[_Column], level: Level) -> Statistic:
    """Return the most success that mixtures of two settings reach at the level."""
    sign = -1.0 if _negated(grid, level.measure) else 1.0

    def statistic(weights: Floats) -> Floats:
        limit = _limit(grid, level, weights)
        x = np.stack([sign * column.mean(level.measure, weights) for column in columns])
        y = np.stack([column.mean("success", weights) for column in columns])
        best = np.where(x >= limit, y, -np.inf).max(axis=0)
        for i, j in itertools.permutations(range(len(columns)), 2):
            crosses = (x[i] >= limit) & (x[j] < limit)
            share = np.divide(limit - x[j], x[i] - x[j], out=np.zeros_like(limit), where=crosses)
            mixed = np.where(crosses, share * y[i] + (1 - share) * y[j], -np.inf)
            best = np.maximum(best, mixed)
        return np.where(np.isfinite(best), best, np.nan)

    return statistic
