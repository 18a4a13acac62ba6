"""Values that the command line gives as text: seeds, a sweep of a method's setting, a call's arguments."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml

from negjudge.errors import NegjudgeError
from negjudge.guidance import GuidanceMethod

Value = float | bool | str
T = TypeVar("T")

MOST = 64
"""Seeds of a command, and values of a sweep: more do not fit a sheet that eyes can read."""
SEEDS = "expected a range such as 0:8 (the last left out) or a list such as 1,5,9"
OURS = ("prompt", "negative_prompt", "generator", "output_type", "return_dict", "num_images_per_prompt")
"""Arguments of the pipeline's call that the command sets itself."""
UNSAYABLE = ("latents", "image", "video", "_embeds", "_mask", "_kwargs")
"""Ends of names of arguments that are tensors, pictures or mappings of such."""
SWEEP = "expected NAME=START:STOP:COUNT, such as scale=0:6:7, or NAME=VALUE,VALUE,..."


@dataclass(frozen=True)
class Sweep:
    """The values that a setting takes in turn."""

    name: str
    values: tuple[Value, ...]


def is_seed(seed: int) -> bool:
    """Tell whether torch takes a number as a seed as it is."""
    return 0 <= seed < 2**63


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds of "0:8", the last left out, or "1,5,9"; NegjudgeError for anything else."""
    option = f"--seeds {text}"
    if match := re.fullmatch(r"(\d{1,18}):(\d{1,18})", text):
        seeds: Sequence[int] = range(int(match[1]), int(match[2]))
    elif re.fullmatch(r"\d{1,18}(,\d{1,18})*", text):
        seeds = [int(part) for part in text.split(",")]
    else:
        raise NegjudgeError(f"{option}: {SEEDS}")
    if not seeds:
        raise NegjudgeError(f"{option} holds no seed; {SEEDS}")
    return _checked(option, seeds)


def parse_sweep(text: str, kind: type[GuidanceMethod]) -> Sweep:
    """Return a sweep of one of the method's settings; NegjudgeError where it has none such, or bad values."""
    name, equals, values = text.partition("=")
    option = f"--sweep {text}"
    if not equals or not name or not values:
        raise NegjudgeError(f"{option}: {SWEEP}")
    defaults = {each.name: each.default for each in dataclasses.fields(kind)}
    if name not in defaults:
        has = f"it has {', '.join(defaults)}" if defaults else "it has none"
        raise NegjudgeError(f"{option}: method {kind.name!r} has no setting {name!r}; {has}")
    if ":" not in values:
        listed = [_value(option, part.strip(), defaults[name]) for part in values.split(",")]
        return Sweep(name, _checked(option, listed))
    if not _is_number(defaults[name]):
        raise NegjudgeError(
            f"{option}: {name} is not a number; list its values, such as {name}={_text(defaults[name])}"
        )
    return Sweep(name, _checked(option, _spaced(option, values)))


def parse_call(texts: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of the pipeline's call: those ``given``, and those of texts such as "eta=0.5".

    Raises NegjudgeError for a text that is none, and an argument that is given twice or not for a person.
    """
    call = dict(given)
    for text in texts:
        name, value = _key_and_value(text)
        if name in OURS:
            raise NegjudgeError(f"--call {text}: the command sets {name} itself; leave it out")
        if name.endswith(UNSAYABLE) or name.startswith("callback"):
            raise NegjudgeError(
                f"--call {text}: {name} is a tensor, a picture or a function, which a command line cannot "
                "say; use guide in Python"
            )
        if name in call:
            raise NegjudgeError(f"--call {text}: {name} is given twice; leave one out")
        call[name] = value
    return call


def _key_and_value(text: str) -> tuple[str, Any]:
    name, _, written = text.partition("=")
    if not name.isidentifier() or not written.strip():
        raise NegjudgeError(f"--call {text}: expected KEY=VALUE, such as max_sequence_length=256")
    try:
        value = yaml.safe_load(written)
        json.dumps(value, allow_nan=False)
    except (yaml.YAMLError, TypeError, ValueError):
        raise NegjudgeError(
            f"--call {text}: the value is no YAML of numbers, texts, true, false, null and lists of them"
        ) from None
    return name, value


def _spaced(option: str, text: str) -> list[float]:
    """Return the numbers of START:STOP:COUNT, evenly spaced, both ends included."""
    parts = text.split(":")
    if len(parts) != 3 or not parts[2].strip().isdecimal():
        raise NegjudgeError(f"{option}: {SWEEP}")
    start, stop = (_number(option, part) for part in parts[:2])
    count = int(parts[2])
    if count < 2:
        raise NegjudgeError(f"{option}: COUNT is {count}, expected 2 to {MOST}; both ends are included")
    if count > MOST:
        raise NegjudgeError(f"{option}: COUNT is {count}, expected at most {MOST}")
    if start == stop:
        raise NegjudgeError(f"{option}: START and STOP are both {start:g}; set one of them apart")
    # Twelve digits leave out what binary fractions add: 0.3, not 0.30000000000000004.
    return [float(f"{start + (stop - start) * i / (count - 1):.12g}") for i in range(count)]


def _value(option: str, text: str, default: Any) -> Value:
    if not text:
        raise NegjudgeError(f"{option}: a value is empty; {SWEEP}")
    if _is_number(default):
        return _number(option, text)
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise NegjudgeError(f"{option}: {text!r} is neither true nor false")
        return text == "true"
    return text


def _number(option: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise NegjudgeError(f"{option}: {text.strip()!r} is not a number; {SWEEP}") from None
    if not math.isfinite(number):
        raise NegjudgeError(f"{option}: {text.strip()!r} is not a finite number")
    return number


def _checked(option: str, values: Sequence[T]) -> tuple[T, ...]:
    if len(values) > MOST:
        raise NegjudgeError(f"{option} holds {len(values)} values, expected at most {MOST}")
    shown = [_text(value) for value in values]
    twice = next((text for text in shown if shown.count(text) > 1), None)
    if twice is not None:
        raise NegjudgeError(f"{option} holds {twice} twice (six digits count); leave one out")
    return tuple(values)


def _is_number(default: Any) -> bool:
    return isinstance(default, int | float) and not isinstance(default, bool)


def _text(value: Any) -> str:
    """Return a value as labels and file names show it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def label(name: str, value: Value, between: str = " ") -> str:
    """Return "scale 0.5", with something else between for a file's name."""
    return f"{name}{between}{_text(value)}"
