"""Metrics of judges against scikit-learn, weights included."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from negjudge.statistics.metrics import (
    auroc,
    balanced_accuracy,
    brier,
    calibration_error,
    comparisons_within,
    rate_of,
)

RNG = np.random.default_rng(5)
N = 80
LABELS = (RNG.random(N) < 0.4).astype(int)
SCORES = np.round(np.clip(LABELS * 0.3 + RNG.random(N) * 0.7, 0, 1), 1)  # rounded, to have ties
WEIGHTS = RNG.integers(0, 4, (6, N)).astype(float)


def gap_by_bin(scores: np.ndarray, labels: np.ndarray) -> float:
    """The expected calibration error by its definition, a bin of ten at a time."""
    bins = np.minimum((scores * 10).astype(int), 9)
    members = [bins == number for number in set(bins.tolist())]
    return float(sum(m.mean() * abs(scores[m].mean() - labels[m].mean()) for m in members))


@pytest.mark.parametrize(
    ("statistic", "reference"),
    [
        (auroc(SCORES, LABELS), lambda w: sk.roc_auc_score(LABELS, SCORES, sample_weight=w)),
        (brier(SCORES, LABELS), lambda w: sk.brier_score_loss(LABELS, SCORES, sample_weight=w)),
        (
            balanced_accuracy(SCORES >= 0.5, LABELS),
            lambda w: sk.balanced_accuracy_score(LABELS, SCORES >= 0.5, sample_weight=w),
        ),
        (rate_of(SCORES >= 0.5), lambda w: np.average(SCORES >= 0.5, weights=w)),
        (
            calibration_error(SCORES, LABELS),
            lambda w: gap_by_bin(np.repeat(SCORES, w.astype(int)), np.repeat(LABELS, w.astype(int))),
        ),
    ],
    ids=["auroc", "brier", "balanced accuracy", "yes-rate", "calibration error"],
)
def test_weighted_statistics_agree_with_a_second_computation(
    statistic: Callable[[np.ndarray], np.ndarray], reference: Callable[[np.ndarray], float]
) -> None:
    assert statistic(WEIGHTS) == pytest.approx([reference(w) for w in WEIGHTS])


def test_one_class_leaves_balanced_accuracy_and_auroc_undefined() -> None:
    ones = np.ones((1, 3))
    assert np.isnan(balanced_accuracy([1, 1, 0], [1, 1, 1])(ones)).all()
    assert np.isnan(auroc([0.1, 0.2, 0.3], [0, 0, 0])(ones)).all()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=30))
def test_auroc_of_turned_scores_adds_up_to_one(rows: list[tuple[float, bool]]) -> None:
    scores, labels = np.array([s for s, _ in rows]), np.array([y for _, y in rows])
    both = auroc(scores, labels)(np.ones((1, len(rows)))) + auroc(-scores, labels)(np.ones((1, len(rows))))
    if 0 < labels.sum() < labels.size:
        assert both[0] == pytest.approx(1.0)


GROUPS = [f"pair {number % 9}" for number in range(N)]


def within(weights: np.ndarray, scores: np.ndarray = SCORES) -> float:
    """The share of comparisons within groups that is right, one by one; a group weighs as its first."""
    right, total = 0.0, 0.0
    for group in set(GROUPS):
        rows = [row for row in range(N) if GROUPS[row] == group]
        for positive in (row for row in rows if LABELS[row]):
            for negative in (row for row in rows if not LABELS[row]):
                gap = scores[positive] - scores[negative]
                right += weights[rows[0]] * (1.0 if gap > 0 else 0.5 if gap == 0 else 0.0)
                total += weights[rows[0]]
    return right / total


def test_auroc_within_groups_counts_each_groups_comparisons() -> None:
    found = comparisons_within(SCORES, LABELS, GROUPS)
    drawn = RNG.integers(0, 4, (5, 9)).astype(float)[:, [int(g.split()[1]) for g in GROUPS]]
    assert found.auroc(drawn) == pytest.approx([within(row) for row in drawn])
    assert found.count == sum(
        int(LABELS[a]) * int(1 - LABELS[b]) for a in range(N) for b in range(N) if GROUPS[a] == GROUPS[b]
    )


def test_one_group_alone_is_the_usual_auroc() -> None:
    found = comparisons_within(SCORES, LABELS, ["all"] * N)
    assert found.auroc(np.ones((1, N)))[0] == pytest.approx(sk.roc_auc_score(LABELS, SCORES))


def test_knowing_the_group_alone_orders_nothing_within_it() -> None:
    rates = [np.mean([LABELS[r] for r in range(N) if GROUPS[r] == group]) for group in GROUPS]
    assert auroc(rates, LABELS)(np.ones((1, N)))[0] > 0.55
    assert comparisons_within(rates, LABELS, GROUPS).auroc(np.ones((1, N)))[0] == 0.5


def test_questions_that_a_judge_cannot_tell_apart_tie() -> None:
    alike = comparisons_within(SCORES, LABELS, ["all"] * N, alike=GROUPS)
    same = comparisons_within(SCORES, LABELS, GROUPS)
    every = comparisons_within(SCORES, LABELS, ["all"] * N)
    assert alike.right[0] == pytest.approx(every.right[0] - same.right.sum() + same.total.sum() / 2)


def test_without_a_comparison_there_is_no_auroc() -> None:
    found = comparisons_within([0.2, 0.4], [1, 0], ["a", "b"])
    assert found.count == 0
    assert np.isnan(found.auroc(np.ones((1, 2)))[0])
