"""What the judges say of test pictures, controls included: asked where missing, kept in verdicts.jsonl."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

from PIL import Image

from negjudge.progress import progress_bar
from negjudge.records import Sample, Verdict, append_records, read_records, write_records
from negjudge.runs import VERDICTS

# "plain" is the question of interest; "other" asks the same picture about another object; "blank" and
# "shuffled" show a grey picture and another sample's picture.
View = Literal["plain", "other", "blank", "shuffled"]
Role = Literal["base", "tuned"]
Verdicts = dict[tuple[Role, View], dict[str, Verdict]]
GREY = (127, 127, 127)

T = TypeVar("T")


@dataclass(frozen=True)
class Ask:
    """One thing to ask: about which sample, in which view, showing which picture (``None``: a blank one)."""

    sample: Sample
    view: View
    picture: Path | None
    object: str

    @property
    def tag(self) -> str:
        """Tells this question from every other one about the sample."""
        details = {"plain": "", "other": f"/other:{self.object}", "blank": "/blank"}
        return details.get(self.view, f"/shuffled:{self.picture.stem if self.picture else ''}")

    def image(self) -> Path | Image.Image:
        """Return what the judge is shown."""
        return self.picture or Image.new("RGB", (self.sample.width, self.sample.height), GREY)


@dataclass(frozen=True)
class Candidate:
    """A judge to ask: its role in the comparison, and the folder or Hub id that it is loaded from."""

    role: Role
    source: str
    device: str | None = None

    @cached_property
    def name(self) -> str:
        """The role and what tells these weights from others of that role, as in "tuned@1a2b3c4d"."""
        return f"{self.role}@{_fingerprint(self.source)}"


def plain(run: Path, samples: Iterable[Sample]) -> list[Ask]:
    """Return the question of interest for each sample."""
    return [Ask(sample, "plain", run / sample.image, sample.object) for sample in samples]


def other(run: Path, groups: Iterable[Sequence[Sample]]) -> list[Ask]:
    """Return a question about another object for each sample, chosen among those of its group.

    Within a stratum every object is then asked about where it is and where it is not, so that a word alone
    tells nothing. Groups of one object are left out.
    """
    asks = []
    for samples in groups:
        objects = sorted({sample.object for sample in samples})
        for sample in samples if len(objects) > 1 else ():
            choices = [name for name in objects if name != sample.object]
            asks.append(Ask(sample, "other", run / sample.image, _pick(choices, sample)))
    return asks


def blind(run: Path, samples: Sequence[Sample]) -> list[Ask]:
    """Return each sample's question with a blank picture, and with the picture of another object."""
    asks = [Ask(sample, "blank", None, sample.object) for sample in samples]
    for sample in samples:
        strangers = [s for s in samples if s.object != sample.object and s.element != sample.element]
        if strangers:
            asks.append(Ask(sample, "shuffled", run / _pick(strangers, sample).image, sample.object))
    return asks


def ask_all(run: Path, candidates: Sequence[Candidate], asks: Sequence[Ask], batch_size: int) -> Verdicts:
    """Return what each judge says, by role and view and then by sample.

    Only what verdicts.jsonl lacks is asked; verdicts of weights that are no longer there are dropped from it.
    """
    wanted = {(ask.sample.id, candidate.name + ask.tag) for candidate in candidates for ask in asks}
    stored = read_records(run / VERDICTS, Verdict)
    known = {(v.sample, v.judge): v for v in stored if (v.sample, v.judge) in wanted}
    if len(known) < len(stored):
        write_records(run / VERDICTS, known.values())
    for candidate in candidates:
        missing = [ask for ask in asks if (ask.sample.id, candidate.name + ask.tag) not in known]
        if missing:
            made = _ask(run, candidate, missing, batch_size)
            known |= {(verdict.sample, verdict.judge): verdict for verdict in made}
    answers: Verdicts = {}
    for candidate in candidates:
        for ask in asks:
            group = answers.setdefault((candidate.role, ask.view), {})
            group[ask.sample.id] = known[ask.sample.id, candidate.name + ask.tag]
    return answers


def _ask(run: Path, candidate: Candidate, asks: Sequence[Ask], batch_size: int) -> list[Verdict]:
    from negjudge.judge import Judge  # brings torch, which evaluating stored verdicts does not need

    judge = Judge.from_pretrained(candidate.source, device=candidate.device)
    found: list[Verdict] = []
    with progress_bar(f"{candidate.role} judge", len(asks), "questions") as advance:
        for start in range(0, len(asks), batch_size):
            part = asks[start : start + batch_size]
            said = judge.score(
                [ask.image() for ask in part],
                objects=[ask.object for ask in part],
                absent=[ask.sample.element for ask in part],
                batch_size=batch_size,
            )
            named = [
                dataclasses.replace(verdict, sample=ask.sample.id, judge=candidate.name + ask.tag)
                for ask, verdict in zip(part, said, strict=True)
            ]
            append_records(run / VERDICTS, named)
            found += named
            advance(len(part))
    return found


def _fingerprint(source: str) -> str:
    """Return 8 hex digits over the weights and settings in a folder, or over a Hub id."""
    digest = hashlib.sha256(source.encode() if not Path(source).is_dir() else b"")
    for path in sorted(Path(source).glob("*.safetensors")) + sorted(Path(source).glob("*.json")):
        digest.update(path.name.encode())
        with open(path, "rb") as file:
            while chunk := file.read(1 << 24):
                digest.update(chunk)
    return digest.hexdigest()[:8]


def _pick(choices: Sequence[T], sample: Sample) -> T:
    return choices[int(sample.id, 16) % len(choices)]
