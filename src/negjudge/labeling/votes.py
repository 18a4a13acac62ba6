"""Votes on record: what is new in an export is appended, what is wrong set aside, labels computed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from negjudge.data.records import (
    Answer,
    Label,
    Question,
    Sample,
    Source,
    Vote,
    append_records,
    read_records,
    write_records,
)
from negjudge.data.runs import LABELS, QUARANTINE, SAMPLES, VOTES
from negjudge.errors import NegjudgeError
from negjudge.labeling.labelstudio.form import Fault, read_result

if TYPE_CHECKING:
    from negjudge.labeling.labelstudio.client import Task
from negjudge.labeling.aggregation import labels_from

QUESTIONS: tuple[Question, ...] = get_args(Question)
SKIPPED = "skipped"


@dataclass(frozen=True)
class Quarantined:
    """An answer that cannot count, why, and the whole annotation it came with.

    ``annotator`` is the name of an invited one; otherwise the account's id is in the annotation.
    """

    sample: str | None
    annotator: str | None
    question: str | None
    reason: str
    annotation: Mapping[str, Any]


class VoteBook:
    """The votes and the quarantine of a run folder; both files are only ever appended to.

    Who changes an answer on the server votes again: the later line of the same annotator, question and
    picture counts.
    """

    def __init__(self, run: Path, source: Source) -> None:
        self.run, self.source = run, source
        self._load()
        foreign = {vote.source for vote in self.votes} - {source}
        if foreign:
            raise NegjudgeError(
                f"{run / VOTES} holds votes of source {foreign.pop()!r}, not {source!r}: "
                "the two never share a run folder; name another with --run"
            )

    def _load(self) -> None:
        self.votes = read_records(self.run / VOTES, Vote)
        self.quarantined = read_records(self.run / QUARANTINE, Quarantined)
        # A picture that was voted on and then retired is no stranger.
        self.samples = {sample.id for sample in read_records(self.run / SAMPLES, Sample)}
        self.samples |= {vote.sample for vote in self.votes}
        self._latest: dict[tuple[str, str, Question], Answer] = {}
        self._set_aside: set[str] = set()
        self._settled: dict[tuple[str | None, str | None], set[str | None]] = defaultdict(set)
        self._note(self.votes, self.quarantined)

    def _note(self, votes: Iterable[Vote], aside: Iterable[Quarantined]) -> None:
        for vote in votes:
            self._latest[vote.sample, vote.annotator, vote.question] = vote.answer
            self._settled[vote.sample, vote.annotator].add(vote.question)
        for one in aside:
            self._set_aside.add(_identity(one))
            self._settled[one.sample, one.annotator].add(one.question)

    def answered(self, sample: str, annotator: str) -> bool:
        """Tell whether the annotator is through with the picture: each question answered or set aside."""
        settled = self._settled.get((sample, annotator), set())
        return None in settled or settled.issuperset(QUESTIONS)

    def missing(self, samples: Iterable[Sample], annotators: Sequence[str]) -> list[tuple[str, str]]:
        """Return sample and annotator of the annotations that are still to come."""
        return [(s.id, one) for s in samples for one in annotators if not self.answered(s.id, one)]

    def record(self, tasks: Iterable[Task], annotators: Mapping[int, str]) -> None:
        """Append what an export holds and the files do not; ``annotators`` are names by account id.

        Votes are on the disk before the quarantine is; a run killed between the two finds the rest again.
        """
        self._load()  # Ctrl-C may have struck between an append and our note of it
        votes, aside = [], []
        seen: set[tuple[str | None, str]] = set()
        for task in tasks:
            for annotation in task.annotations:
                new, faulty = self._read(task, annotation, annotators, seen)
                votes += new
                aside += faulty
        self._append(votes, aside)

    def _append(self, votes: Sequence[Vote], aside: Sequence[Quarantined]) -> None:
        new = [v for v in votes if self._latest.get((v.sample, v.annotator, v.question)) != v.answer]
        faulty = [one for one in aside if _identity(one) not in self._set_aside]
        if new:
            append_records(self.run / VOTES, new)
        if faulty:
            append_records(self.run / QUARANTINE, faulty)
        self.votes += new
        self.quarantined += faulty
        self._note(new, faulty)

    def _read(
        self,
        task: Task,
        annotation: Mapping[str, Any],
        annotators: Mapping[int, str],
        seen: set[tuple[str | None, str]],
    ) -> tuple[list[Vote], list[Quarantined]]:
        annotator = annotators.get(annotation.get("completed_by") or 0)
        answers, faults = read_result(annotation.get("result"))
        whole = self._fault(task, annotation, annotator, seen)
        if whole or annotator is None or task.sample is None:
            answers, faults = {}, [Fault(None, whole or "unknown annotator")]
        else:
            seen.add((task.sample, annotator))
        votes = [Vote(str(task.sample), str(annotator), self.source, q, a) for q, a in answers.items()]
        kept = {key: annotation.get(key) for key in ("id", "completed_by", "was_cancelled", "result")}
        aside = [Quarantined(task.sample, annotator, f.question, f.reason, kept) for f in faults]
        return votes, aside

    def _fault(
        self,
        task: Task,
        annotation: Mapping[str, Any],
        annotator: str | None,
        seen: set[tuple[str | None, str]],
    ) -> str | None:
        """Return why the annotation as a whole cannot count, or None."""
        if task.sample not in self.samples:
            return "unknown sample"
        if annotator is None:
            return "unknown annotator"
        if annotation.get("was_cancelled"):
            return SKIPPED
        if (task.sample, annotator) in seen:
            return "a second annotation by the same annotator; the first one counts"
        return None

    def write_labels(self) -> list[Label]:
        """Compute labels.jsonl from all votes, leaving the file alone when nothing has changed."""
        labels = labels_from(self.votes)
        if labels != read_records(self.run / LABELS, Label):
            write_records(self.run / LABELS, labels)
        return labels


def _identity(one: Quarantined) -> str:
    return json.dumps(asdict(one), sort_keys=True)
