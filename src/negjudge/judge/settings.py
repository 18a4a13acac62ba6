"""What a judge folder's judge.json holds. No torch here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negjudge.data.durable import write_atomically
from negjudge.data.nested import from_dict
from negjudge.errors import NegjudgeError
from negjudge.judge.prompts import TEMPLATE_VERSION
from negjudge.statistics.calibration import SuccessCalibration

FILE = "judge.json"
FORMAT = 1


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


def read_judge_settings(folder: Path) -> JudgeSettings:
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
    return from_dict(values, JudgeSettings, str(path))


def write_judge_settings(folder: Path, settings: JudgeSettings) -> None:
    """Write judge.json into a folder."""
    write_atomically(folder / FILE, json.dumps(dataclasses.asdict(settings), indent=2) + "\n")
