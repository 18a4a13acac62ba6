"""Raw answers about one picture, and the verdict that a calibration makes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from negjudge.data.questions import RATINGS
from negjudge.data.records import Verdict
from negjudge.judge.prompts import QUESTIONS
from negjudge.judge.settings import Calibration, Presence


@dataclass(frozen=True)
class Answers:
    """Raw answers to the questions about one picture.

    ``margins`` are the logits of "yes" less those of "no", for the four presence questions in the order of
    ``judge_prompts.QUESTIONS``; ``ratings`` the logits of "1" to "5".
    """

    margins: tuple[float, float, float, float]
    ratings: tuple[float, float, float, float, float]


def verdict(answers: Answers, calibration: Calibration, judge: str | None = None) -> Verdict:
    """Turn raw answers into a verdict. ``details`` keeps the margins, for refitting thresholds elsewhere."""
    margins = ((calibration.object, answers.margins[:2]), (calibration.element, answers.margins[2:]))
    object_present, element_present = (logistic(presence.log_odds(*pair)) for presence, pair in margins)
    success = float(calibration.success.apply(object_present, element_present))
    return Verdict(
        object_present=object_present,
        element_present=element_present,
        success=success,
        quality=expected_rating(answers.ratings, calibration.quality),
        abstained=abs(success - 0.5) < calibration.abstain,
        contradiction=any(_disagreement(*one) > calibration.contradiction for one in margins),
        judge=judge,
        details=dict(zip(QUESTIONS, answers.margins, strict=False)),
    )


def _disagreement(presence: Presence, margins: tuple[float, float]) -> float:
    first, second = presence.polarities(*margins)
    return abs(logistic(first) - logistic(second))


def expected_rating(logits: tuple[float, ...], temperature: float = 1.0) -> float:
    """Return the mean rating, 1 to 5, under the softmax of the ratings' logits over a temperature."""
    weights = [math.exp((value - max(logits)) / temperature) for value in logits]
    return sum(int(r) * w for r, w in zip(RATINGS, weights, strict=True)) / sum(weights)


def logistic(x: float) -> float:
    """Return 1 / (1 + exp(−x)), without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
