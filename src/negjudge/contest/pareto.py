"""Which settings of a search go to the test: the best one, and others along its Pareto front."""

from __future__ import annotations

from collections.abc import Sequence

from negjudge.tuning.search import best_of
from negjudge.tuning.trials import Trial


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
