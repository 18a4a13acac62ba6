"""The calibration of a tuned judge, from its raw answers about the validation pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax

from negjudge.judge.settings import Calibration, Presence
from negjudge.judge.verdicts import Answers
from negjudge.statistics.calibration import (
    TEMPERATURES,
    Floats,
    SuccessCalibration,
    fit_temperature,
    fit_threshold,
)
from negjudge.training.data import Labelled

MOST_ABSTAINED = 0.5  # of the validation pictures


def calibrate(answers: Sequence[Answers], labelled: Sequence[Labelled], abstain_error: float) -> Calibration:
    """Fit temperatures, thresholds, the success calibration and the abstention margin.

    ``answers`` are those about ``labelled``, in its order. What nobody decided is left out; a question that
    nobody decided of any picture stays uncalibrated.
    """
    presence = {q: _presence(answers, labelled, q) for q in ("object", "element")}
    decided = [
        (a, one) for a, one in zip(answers, labelled, strict=True) if None not in (one.object, one.element)
    ]
    objects, elements = (
        np.array([expit(presence[q].log_odds(*_margins(a, q))) for a, _ in decided])
        for q in ("object", "element")
    )
    truth = np.array([(one.object or 0) * (1 - (one.element or 0)) > 0.5 for _, one in decided])
    success = SuccessCalibration.fit(objects, elements, truth) if decided else SuccessCalibration()
    return Calibration(
        object=presence["object"],
        element=presence["element"],
        quality=_quality(answers, labelled),
        success=success,
        abstain=abstention(success.apply(objects, elements), truth, abstain_error),
    )


def _margins(answers: Answers, question: Literal["object", "element"]) -> tuple[float, float]:
    return answers.margins[:2] if question == "object" else answers.margins[2:]


def _presence(
    answers: Sequence[Answers], labelled: Sequence[Labelled], question: Literal["object", "element"]
) -> Presence:
    shares = [getattr(one, question) for one in labelled]
    margins = [_margins(a, question) for a, share in zip(answers, shares, strict=True) if share is not None]
    target = np.array([share for share in shares if share is not None])
    if not margins:
        return Presence()
    present, absent = np.array(margins).T
    first, second = fit_temperature(present, target), fit_temperature(-absent, target)
    together = (present / first - absent / second) / 2
    combined = fit_temperature(together, target)
    return Presence(first, second, combined, fit_threshold(expit(together / combined), target > 0.5))


def _quality(answers: Sequence[Answers], labelled: Sequence[Labelled]) -> float:
    rated = [(a.ratings, one.quality) for a, one in zip(answers, labelled, strict=True) if one.quality]
    if not rated:
        return 1.0
    logits, shares = (np.array(values) for values in zip(*rated, strict=True))

    def loss(log_temperature: float) -> float:
        return float(-(shares * log_softmax(logits / np.exp(log_temperature), axis=1)).sum(axis=1).mean())

    return float(np.exp(minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded").x))


def abstention(probabilities: Floats, truth: Floats, error: float) -> float:
    """Return the smallest distance from one half at which at most ``error`` of the rest is wrong.

    Both arguments are (n,). Never more than half of the pictures are abstained on, whatever their errors.
    """
    if not probabilities.size:
        return 0.0
    distance = np.abs(probabilities - 0.5)
    wrong = (probabilities > 0.5) != truth
    most = np.quantile(distance, MOST_ABSTAINED)
    for margin in np.unique(np.concatenate([[0.0], distance])):
        kept = distance >= margin
        if margin <= most and wrong[kept].mean() <= error:
            return float(margin)
    return float(most)
