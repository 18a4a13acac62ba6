"""Calibration: fits recover what the data was made with; measures agree with a second computation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, ndtri
from sklearn.metrics import balanced_accuracy_score

from negjudge.statistics.calibration import (
    SuccessCalibration,
    calibration_floor,
    fit_temperature,
    fit_threshold,
    latent_correlation,
    log_odds,
    reliability_curve,
)
from negjudge.statistics.metrics import calibration_error

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_is_recovered(temperature: float) -> None:
    scores = RNG.normal(0, 3, 20_000)
    labels = RNG.random(scores.size) < expit(scores / temperature)
    assert fit_temperature(scores, labels) == pytest.approx(temperature, rel=0.05)


def test_temperature_takes_soft_labels() -> None:
    scores = np.linspace(-4, 4, 101)
    assert fit_temperature(scores, expit(scores / 2)) == pytest.approx(2.0, rel=1e-3)


def test_threshold_is_the_best_of_all_thresholds() -> None:
    probabilities = RNG.beta(5, 2, 300)  # a judge that says yes too readily
    labels = RNG.random(300) < np.clip(probabilities - 0.3, 0, 1)
    found = fit_threshold(probabilities, labels)
    best = max(balanced_accuracy_score(labels, probabilities >= t) for t in np.linspace(0, 1, 2001))
    assert balanced_accuracy_score(labels, probabilities >= found) == pytest.approx(best)
    assert balanced_accuracy_score(labels, probabilities >= 0.5) < best


def test_threshold_lies_in_the_middle_of_a_gap() -> None:
    assert fit_threshold([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) == pytest.approx(0.5)


def test_threshold_of_one_class_is_a_half() -> None:
    assert fit_threshold([0.9, 0.8], [1, 1]) == 0.5


def test_success_is_calibrated_where_the_answers_depend_on_each_other() -> None:
    wrecked = RNG.random(6000) < 0.5  # such a picture has neither the object nor the element
    objects = np.where(wrecked, 0.3, 0.9)
    elements = np.where(wrecked, 0.1, 0.4)
    success = np.where(wrecked, RNG.random(6000) < 0.05, RNG.random(6000) < 0.5)
    fitted = SuccessCalibration.fit(objects, elements, success).apply(objects, elements)
    assert fitted[wrecked].mean() == pytest.approx(0.05, abs=0.02)
    assert fitted[~wrecked].mean() == pytest.approx(0.5, abs=0.03)


def test_success_is_never_likelier_than_what_it_needs() -> None:
    generous = SuccessCalibration(slope=0.5, intercept=2.0)
    assert generous.apply([0.3, 0.9, 0.9], [0.1, 0.8, 0.1]) == pytest.approx([0.3, 0.2, 0.9])


def test_success_without_two_classes_is_the_product() -> None:
    calibration = SuccessCalibration.fit([0.9, 0.8], [0.1, 0.2], [1, 1])
    assert calibration.apply([0.5], [0.5]) == pytest.approx([0.25])


def test_calibration_error_by_hand() -> None:
    # Two bins: 0.75 said and 1/2 seen; 0.25 said and 0 seen.
    error = calibration_error([0.75, 0.75, 0.25, 0.25], [1, 0, 0, 0])
    assert error(np.ones((1, 4))) == pytest.approx(0.25)
    curve = reliability_curve([0.75, 0.75, 0.25, 0.25], [1, 0, 0, 0])
    assert curve.confidence == (0.25, 0.75)
    assert curve.frequency == (0.0, 0.5)
    assert curve.count == (2, 2)


def test_floor_is_what_perfect_calibration_shows_and_shrinks_with_n() -> None:
    small, large = RNG.random(60), RNG.random(6000)
    drawn = [calibration_error(small, RNG.random(60) < small) for _ in range(400)]
    errors = [float(error(np.ones((1, 60)))[0]) for error in drawn]
    mean, upper = calibration_floor(small)
    assert mean == pytest.approx(np.mean(errors), abs=0.01)
    assert upper == pytest.approx(np.quantile(errors, 0.95), abs=0.02)
    assert calibration_floor(large)[0] < mean / 4


def related(p: np.ndarray, clusters: np.ndarray, correlation: float) -> np.ndarray:
    """Draw labels with these probabilities, those of a cluster together."""
    shared = RNG.standard_normal(clusters.max() + 1)[clusters]
    latent = correlation**0.5 * shared + (1 - correlation) ** 0.5 * RNG.standard_normal(p.size)
    return (latent < ndtri(p)).astype(float)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_the_correlation_of_labels_within_a_cluster_is_recovered(correlation: float) -> None:
    clusters = np.repeat(np.arange(800), 10)
    p = RNG.uniform(0.1, 0.9, clusters.size)
    found = latent_correlation(p, related(p, clusters, correlation), clusters.tolist())
    assert found == pytest.approx(correlation, abs=0.06)


def test_answers_wrong_everywhere_alike_are_no_correlation() -> None:
    clusters = np.repeat(np.arange(400), 10)
    p = RNG.uniform(0.05, 0.95, clusters.size)
    overconfident = expit(3 * log_odds(p))
    assert latent_correlation(overconfident, related(p, clusters, 0.0), clusters.tolist()) < 0.06


def test_the_floor_respects_related_pictures() -> None:
    clusters = np.repeat(np.arange(60), 12)
    p = RNG.uniform(0.05, 0.95, 60)[clusters]
    drawn = [calibration_error(p, related(p, clusters, 0.5)) for _ in range(300)]
    errors = [float(error(np.ones((1, p.size)))[0]) for error in drawn]
    mean, upper = calibration_floor(p, clusters.tolist(), 0.5)
    assert mean == pytest.approx(np.mean(errors), abs=0.01)
    assert upper == pytest.approx(np.quantile(errors, 0.95), abs=0.02)
    assert calibration_floor(p)[1] < mean  # as if they were not related


def test_the_order_of_questions_says_nothing() -> None:
    p, clusters = RNG.random(80), [f"pair {n}" for n in RNG.integers(0, 9, 80)]
    order = RNG.permutation(80)
    for correlation in (0.0, 0.4):
        found = calibration_floor(p, clusters, correlation)
        again = calibration_floor(p[order], [clusters[i] for i in order], correlation)
        assert again == pytest.approx(found, abs=1e-12)


def test_log_odds_are_finite_at_the_ends() -> None:
    assert np.isfinite(log_odds([0.0, 1.0])).all()


def test_nothing_to_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        fit_temperature([], [])
