"""What a judge folder's judge.json holds, and how raw answers become a verdict by it. No torch here."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negjudge.calibration import SuccessCalibration
from negjudge.durable import write_atomically
from negjudge.errors import NegjudgeError
from negjudge.judge_prompts import QUESTIONS, TEMPLATE_VERSION
from negjudge.questions import RATINGS
from negjudge.records import Verdict

FILE = "judge.json"
FORMAT = 1


@dataclass(frozen=True)
class Answers:
    """Raw answers to the questions about one picture.

    ``margins`` are the logits of "yes" less those of "no", for the four presence questions in the order of
    ``judge_prompts.QUESTIONS``; ``ratings`` the logits of "1" to "5".
    """

    margins: tuple[float, float, float, float]
    ratings: tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Presence:
    """The calibration of one presence question.

    ``present`` and ``absent`` are the temperatures of the two polarities, ``combined`` that of their mean;
    ``threshold`` is the probability from which "present" is the better answer on validation.
    """

    present: float = 1.0
    absent: float = 1.0
    combined: float = 1.0
    threshold: float = 0.5

    def polarities(self, present: float, absent: float) -> tuple[float, float]:
        """Return the log-odds of presence by either polarity, from the margins of their answers."""
        return present / self.present, -absent / self.absent

    def log_odds(self, present: float, absent: float) -> float:
        """Return the log-odds of presence by both polarities together."""
        return sum(self.polarities(present, absent)) / 2 / self.combined


@dataclass(frozen=True)
class Calibration:
    """Temperatures, thresholds and the success calibration, all found on the validation pictures.

    A picture is abstained on when its success probability is within ``abstain`` of one half; the two
    polarities contradict each other when their probabilities of presence differ by more than
    ``contradiction``.
    """

    object: Presence = field(default_factory=Presence)
    element: Presence = field(default_factory=Presence)
    quality: float = 1.0
    success: SuccessCalibration = field(default_factory=SuccessCalibration)
    abstain: float = 0.0
    contradiction: float = 0.5


@dataclass(frozen=True)
class Base:
    """The model that a judge was tuned from.

    ``id`` is the Hub id, with its ``revision``, or the folder as the recipe names it, with ``path``, the way
    there from the judge's folder, and ``sha256``, of its weights.
    """

    id: str
    revision: str | None = None
    path: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class JudgeSettings:
    """The content of judge.json. ``training`` records how the judge came about, for people and cards."""

    calibration: Calibration = field(default_factory=Calibration)
    base: Base | None = None
    templates: int = TEMPLATE_VERSION
    format: int = FORMAT
    training: Mapping[str, Any] = field(default_factory=dict)


def read_settings(folder: Path) -> JudgeSettings:
    """Read judge.json; a model folder without one is an untuned, uncalibrated judge."""
    path = folder / FILE
    if not path.exists():
        return JudgeSettings()
    try:
        values = json.loads(path.read_text())
    except ValueError:
        raise NegjudgeError(f"{path}: not valid JSON; train again or restore it") from None
    for name, known in (("format", FORMAT), ("templates", TEMPLATE_VERSION)):
        found = values.get(name) if isinstance(values, dict) else None
        if found != known:
            raise NegjudgeError(
                f"{path}: {name} is {found!r}, this negjudge knows {known}; get the one that fits"
            )
    try:
        settings: JudgeSettings = _build(JudgeSettings, values)
    except (TypeError, ValueError) as error:
        raise NegjudgeError(f"{path}: {error}") from None
    return settings


_NESTED = {
    "calibration": Calibration,
    "base": Base,
    "success": SuccessCalibration,
    "object": Presence,
    "element": Presence,
}


def _build(kind: type[Any], values: Any) -> Any:
    """Build a dataclass of this module from JSON values, refusing unknown fields and what is no number."""
    if not isinstance(values, dict):
        raise ValueError(f"expected the fields of {kind.__name__}, got {values!r}")
    unknown = values.keys() - {f.name for f in dataclasses.fields(kind)}
    if unknown:
        raise ValueError(f"unknown field {min(unknown)!r} in {kind.__name__}")
    built = dict(values)
    for name, value in values.items():
        if name in _NESTED and value is not None:
            built[name] = _build(_NESTED[name], value)
        elif kind in (Calibration, Presence, SuccessCalibration) and not isinstance(value, int | float):
            raise ValueError(f"field {name!r} is {value!r}, expected a number")
    return kind(**built)


def write_settings(folder: Path, settings: JudgeSettings) -> None:
    """Write judge.json into a folder."""
    write_atomically(folder / FILE, json.dumps(dataclasses.asdict(settings), indent=2) + "\n")


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
