"""What the judges say of test pictures, controls included: asked where missing, kept in verdicts.jsonl."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from negjudge.data.records import Pair, Verdict, append_records, read_records, write_records
from negjudge.data.runs import VERDICTS
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.asking import asker
from negjudge.evaluation.evidence.asks import Ask, View
from negjudge.evaluation.evidence.candidates import Candidate, Role
from negjudge.progress import progress_bar

Verdicts = dict[tuple[Role, View], dict[str, Verdict]]
Key = tuple[str, str]  # sample and what Verdict.judge says: the judge's name and the question's tag


@dataclass
class Responses:
    """What judges said, by role and view and then by sample; and why some could not be asked, by role."""

    verdicts: Verdicts = field(default_factory=dict)
    left_out: dict[Role, str] = field(default_factory=dict)


def ask_all(
    run: Path,
    wanted: Sequence[tuple[Candidate, Sequence[Ask]]],
    pairs: Mapping[str, Pair],
    batch_size: int,
) -> Responses:
    """Return what each judge says; only what verdicts.jsonl lacks is asked.

    Verdicts of weights that are no longer there, and of pictures that are not asked about, are dropped from
    the file; those of judges that are not asked this time stay. What a server left unanswered is asked again,
    and stays so where it cannot be reached. A judge that is not the run's own and cannot answer is left out.
    """
    known = _known(run, wanted)
    responses = Responses()
    for candidate, asks in wanted:
        missing = [ask for ask in asks if _is_open(candidate, ask, known.get(_key(candidate, ask)))]
        try:
            made = _ask(run, candidate, missing, pairs, batch_size) if missing else []
        except NegjudgeError as error:
            if candidate.own:
                raise
            if any(_key(candidate, ask) not in known for ask in asks):
                responses.left_out[candidate.role] = str(error)
                continue
            made = []
        known |= _by_key(made)
        for ask in asks:
            group = responses.verdicts.setdefault((candidate.role, ask.view), {})
            group[ask.sample.id] = known[_key(candidate, ask)]
    return responses


def _key(candidate: Candidate, ask: Ask) -> Key:
    return ask.sample.id, candidate.name + ask.tag


def _known(run: Path, wanted: Sequence[tuple[Candidate, Sequence[Ask]]]) -> dict[Key, Verdict]:
    """Return the stored verdicts that still hold, after dropping the others from the file."""
    names = {candidate.role: candidate.name for candidate, _ in wanted}
    asked = {role: set(_samples(wanted, role)) for role in names}
    stored = read_records(run / VERDICTS, Verdict)
    valid = []
    for verdict in stored:
        name = str(verdict.judge).split("/")[0]
        role = name.split("@")[0]
        if role not in names or (name == names[role] and verdict.sample in asked[role]):
            valid.append(verdict)
    known = _by_key(valid)  # of two, the later one: what was asked again
    if len(known) < len(stored):
        write_records(run / VERDICTS, known.values())
    return known


def _by_key(verdicts: Iterable[Verdict]) -> dict[Key, Verdict]:
    return {(str(verdict.sample), str(verdict.judge)): verdict for verdict in verdicts}


def _is_open(candidate: Candidate, ask: Ask, verdict: Verdict | None) -> bool:
    """Tell whether a judge is still to be asked: not yet, or a server that did not say what it was asked."""
    if verdict is None or candidate.judge.kind != "endpoint":
        return verdict is None
    needed = [verdict.element_present]
    if ask.part is None:  # about a part that should stay, the object is not asked
        needed.append(verdict.object_present)
    return verdict.error is not None or None in needed


def _samples(wanted: Sequence[tuple[Candidate, Sequence[Ask]]], role: Role) -> Iterable[str]:
    return (ask.sample.id for candidate, asks in wanted if candidate.role == role for ask in asks)


def _ask(
    run: Path, candidate: Candidate, asks: Sequence[Ask], pairs: Mapping[str, Pair], batch_size: int
) -> list[Verdict]:
    found: list[Verdict] = []
    # Requests go together a few at a time; more of them in a batch would only make the bar jump.
    size = 4 * candidate.judge.concurrency if candidate.judge.kind == "endpoint" else batch_size
    with (
        asker(candidate, run, pairs, batch_size) as answer,
        progress_bar(f"{candidate.role} judge", len(asks), "questions") as advance,
    ):
        for start in range(0, len(asks), size):
            part = asks[start : start + size]
            named = [
                dataclasses.replace(verdict, sample=ask.sample.id, judge=candidate.name + ask.tag)
                for ask, verdict in zip(part, answer(part), strict=True)
            ]
            append_records(run / VERDICTS, named)
            found += named
            advance(len(part))
    return found
