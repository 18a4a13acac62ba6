"""What the stages hand to each other: samples, votes, labels and verdicts, one JSON object a line."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from negjudge.data.durable import append_lines, read_lines, write_atomically
from negjudge.data.nested import Record, from_dict, parsed
from negjudge.data.questions import kind_of, noun_asked
from negjudge.errors import NegjudgeError

DEVICE = "external"
"""What stands for the device in the record of another generator's picture."""
Answer = Literal["yes", "no", "unsure", "1", "2", "3", "4", "5"]
Question = str
"""What a vote is about: "object", "element", "quality", or "part:NAME" for a part that should stay."""
Serves = Literal["any", "judge"]
"""What a picture is for: whatever its pair is for, or to teach and test the judge alone."""
Source = Literal["people", "simulated"]
Params = Mapping[str, float | bool | str]  # a method's settings
_UNSAID = {
    "unsaid": True
}  # of a field that is left out of files at its default, so that they stay as they were


@dataclass(frozen=True)
class Pair:
    """An object and the element of it that the negative prompt names.

    ``essential`` says whether the element nearly always comes with the object. ``others`` are the
    other elements that should stay when this one goes.

    The rest is what a benchmark of real pictures adds: a ``category``, the element's ``relation`` to the
    object ("part", "material", "contents", "setting" or "attribute"), ``why`` the pair is hard, whole
    questions ("Does this picture show a bicycle?", "… show wheels?", "… lack wheels?"), and in ``keep`` parts
    that must stay, with a question for each in ``keep_questions``.
    """

    id: str
    object: str
    element: str
    prompt: str
    negative: str
    essential: bool = True
    others: tuple[str, ...] = ()
    category: str = ""
    relation: str = ""
    why: str = ""
    object_question: str = ""
    element_question: str = ""
    absence_question: str = ""
    keep: tuple[str, ...] = ()
    keep_questions: tuple[str, ...] = ()

    @property
    def stay(self) -> tuple[str, ...]:
        """The parts that should stay when the element goes."""
        return self.others or self.keep

    @property
    def parts_asked(self) -> dict[str, str]:
        """The parts that should stay, each with the noun to ask about: that of the pair's own question."""
        own = dict(zip(self.keep, self.keep_questions, strict=False))
        return {part: noun_asked(own.get(part, "")) or part for part in self.stay if part != self.element}

    @property
    def asked(self) -> tuple[str, str]:
        """The object and the element as the pair's own questions name them: "clock hands" for "hands"."""
        return noun_asked(self.object_question) or self.object, noun_asked(
            self.element_question
        ) or self.element


@dataclass(frozen=True)
class Sample:
    """One picture and everything that determined it; ``image`` is relative to the run folder.

    ``serves`` "judge" marks a picture at a drawn strength, which tells nothing of its method at its setting.
    It stands in a file only where it is not "any".
    """

    id: str
    pair: str
    object: str
    element: str
    prompt: str
    negative: str
    method: str
    params: Params
    seed: int
    image: str
    sha256: str
    model: str
    revision: str
    steps: int
    width: int
    height: int
    device: str
    dtype: str
    serves: Serves = field(default="any", metadata=_UNSAID)

    @property
    def is_external(self) -> bool:
        """Whether another generator's picture was brought in, and none was made here."""
        return self.device == DEVICE


@dataclass(frozen=True)
class Vote:
    """One answer of one annotator to one question about one picture."""

    sample: str
    annotator: str
    source: Source
    question: Question
    answer: Answer

    def __post_init__(self) -> None:
        kind_of(self.question)


@dataclass(frozen=True)
class Label:
    """The votes on one question of one picture, put together.

    ``answer`` is the majority; "tie" and "unsure" are kept as such. ``probability`` is the share of
    "yes" among "yes" and "no" votes, or the mean rating for the question "quality"; ``None`` when nobody
    decided.
    """

    sample: str
    question: Question
    answer: Literal["yes", "no", "unsure", "tie", "1", "2", "3", "4", "5"]
    probability: float | None
    counts: Mapping[str, int]
    source: Source

    def __post_init__(self) -> None:
        kind_of(self.question)


@dataclass(frozen=True)
class Verdict:
    """What a judge says of one picture; probabilities in [0, 1], quality from 1 to 5.

    ``success`` is the calibrated probability that the object is there and the element is not.
    ``error`` is ``None``, or why this picture could not be judged; the numbers are then ``None``.
    """

    object_present: float | None = None
    element_present: float | None = None
    success: float | None = None
    quality: float | None = None
    abstained: bool = False
    contradiction: bool = False
    error: str | None = None
    sample: str | None = None
    judge: str | None = None
    details: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say what was found, or why nothing was, so that an error does not look like an answer."""
        if self.error is not None:
            return f"Verdict(error={self.error!r})"
        names = [each.name for each in dataclasses.fields(self) if each.name != "details"]
        told = ((name, getattr(self, name)) for name in names)
        shown = ", ".join(f"{name}={value!r}" for name, value in told if value is not None)
        return f"Verdict({shown})"


def sample_id(**determinants: Any) -> str:
    """Return 16 hex digits of SHA-256 over what determines a picture, as canonical JSON.

    A number is the same whether written 1 or 1.0. Raises ValueError for NaN and infinities.
    """
    text = json.dumps(
        _canonical(determinants), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read_records(path: str | os.PathLike[str], kind: type[Record]) -> list[Record]:
    """Read a JSONL file; a missing file is empty, a torn last line (a killed run) is dropped.

    Raises NegjudgeError naming file, line and field where a record is not valid.
    """
    return list(_iterate(Path(path), kind))


def _iterate(path: Path, kind: type[Record]) -> Iterator[Record]:
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            yield _parse(line, kind, f"{path}:{number}")


def _parse(line: bytes, kind: type[Record], where: str) -> Record:
    try:
        values = parsed(line)
    except ValueError:
        raise NegjudgeError(f"{where}: not valid JSON; remove or repair this line") from None
    if not isinstance(values, dict):
        raise NegjudgeError(f"{where}: expected a JSON object, got {type(values).__name__}")
    return from_dict(values, kind, where)


def append_records(path: str | os.PathLike[str], records: Iterable[Any]) -> None:
    """Append records and force them to the disk, first cutting off a line torn by a killed run.

    When the disk is full the file is left as it was, and the OSError names it.
    """
    append_lines(path, b"".join(_line(record) for record in records))


def write_records(path: str | os.PathLike[str], records: Iterable[Any]) -> None:
    """Write a whole file of records at once: it is either the old one or the new one, never half."""
    write_atomically(path, b"".join(_line(record) for record in records))


def _line(record: Any) -> bytes:
    values = dataclasses.asdict(record)
    for spec in dataclasses.fields(record):
        if "unsaid" in spec.metadata and values[spec.name] == spec.default:
            del values[spec.name]
    return (json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n").encode()
