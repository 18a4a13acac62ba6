"""The settings that a contest goes on with: the best, and what trades kept for removed."""

from negjudge.contest.pareto import frontier_of
from negjudge.tuning.trials import Trial


def trial(number, kept, removed, **changes):
    values = {"success": kept * removed, "collateral": 0.0, "params": {"scale": float(number)}} | changes
    return Trial(
        "vsf", number, pictures=4, evaluations=8, kept=kept, removed=removed, best=0.0, context="", **values
    )


def test_a_frontier_has_the_best_and_what_trades_kept_for_removed():
    trials = [
        trial(0, 1.0, 0.1),
        trial(1, 0.9, 0.8),
        trial(2, 0.8, 0.7),
        trial(3, 0.5, 0.9),
        trial(4, 0.4, 0.9),
    ]
    assert [t.number for t in frontier_of(trials, 3)] == [1, 0, 3]
    assert [t.number for t in frontier_of(trials, 9)] == [1, 0, 3, 2, 4]
    doubled = [*trials, trial(5, 1.0, 0.1, params={"scale": 0.0})]
    assert [t.number for t in frontier_of(doubled, 9)] == [1, 0, 3, 2, 4]
