"""Metrics of judges against scikit-learn, weights included."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from negjudge.statistics.metrics import auroc, balanced_accuracy, brier, calibration_error, rate_of

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
