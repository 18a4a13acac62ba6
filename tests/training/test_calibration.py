"""Calibration of a tuned judge from raw answers: it finds what made them."""

import numpy as np
import pytest
from scipy.special import expit

from negjudge.data.records import Sample
from negjudge.judge.settings import Presence
from negjudge.judge.verdicts import Answers
from negjudge.training.calibration import abstention, calibrate
from negjudge.training.data import Labelled

SAMPLE = Sample(
    "0" * 16, "p", "cat", "ears", "", "", "none", {}, 0, "", "", "", "", 1, 64, 64, "cpu", "float32"
)


def made(count, temperature, seed=0):
    """Pictures whose labels follow log-odds that the judge reports ``temperature`` times too strongly."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 2, (count, 2))
    truth = rng.random((count, 2)) < expit(odds)
    margins = np.stack([odds * temperature, -odds * temperature], axis=2).reshape(count, 4)
    ratings = np.eye(5)[rng.integers(5, size=count)]
    answers = [Answers(tuple(m), tuple(r * 40.0)) for m, r in zip(margins.tolist(), ratings, strict=True)]
    noisy = 0.8 * ratings + 0.04
    labelled = [
        Labelled(SAMPLE, float(o), float(e), tuple(q), (SAMPLE.object, SAMPLE.element))
        for (o, e), q in zip(truth, noisy.tolist(), strict=True)
    ]
    return answers, labelled


def test_temperatures_are_found():
    answers, labelled = made(4000, temperature=5.0)
    calibration = calibrate(answers, labelled, abstain_error=0.1)
    for presence in (calibration.object, calibration.element):
        assert presence.present == pytest.approx(5.0, rel=0.1)
        assert presence.absent == pytest.approx(5.0, rel=0.1)
        assert presence.combined == pytest.approx(1.0, rel=0.1)
        assert presence.threshold == pytest.approx(0.5, abs=0.1)
    assert calibration.success.slope == pytest.approx(1.0, abs=0.15)
    assert calibration.quality == pytest.approx(40 / np.log(0.84 / 0.04), rel=0.01)


def test_undecided_pictures_are_left_out():
    answers, labelled = made(300, temperature=2.0)
    undecided = [Labelled(SAMPLE, None, None, None, (SAMPLE.object, SAMPLE.element))] * 50
    wild = [Answers((90.0, 90.0, 90.0, 90.0), (0.0, 0.0, 0.0, 0.0, 9.0))] * 50
    assert calibrate(answers + wild, labelled + undecided, 0.1) == calibrate(answers, labelled, 0.1)
    nothing = calibrate(wild, undecided, 0.1)
    assert nothing.object == Presence()
    assert nothing.abstain == 0.0


def test_abstention_keeps_the_error_down():
    rng = np.random.default_rng(1)
    probabilities = rng.random(5000)
    truth = rng.random(5000) < probabilities
    margin = abstention(probabilities, truth, error=0.15)
    kept = np.abs(probabilities - 0.5) >= margin
    wrong = (probabilities > 0.5) != truth
    assert wrong.mean() > 0.15 >= wrong[kept].mean()
    assert 0.5 < kept.mean() < 1
    assert abstention(probabilities, truth, error=0.5) == 0.0
    # What cannot be reached costs half of the pictures and no more.
    assert np.mean(np.abs(probabilities - 0.5) >= abstention(probabilities, truth, error=0.0)) >= 0.5
