"""What judges said is asked once, dropped when it no longer holds, and asked again where it was not said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import recorded

from negjudge.data.records import Verdict, read_records, write_records
from negjudge.data.runs import VERDICTS
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence import verdicts
from negjudge.evaluation.evidence.asks import Ask, plain
from negjudge.evaluation.evidence.verdicts import Responses, ask_all

SAMPLES = [recorded.sample(seed=seed) for seed in range(3)]


def judge(role: str = "tuned", weights: str = "w1", kind: str = "local", own: bool = True) -> Any:
    """A judge, as far as asking goes."""
    made = SimpleNamespace(kind=kind, concurrency=1)
    return SimpleNamespace(role=role, name=f"{role}@{weights}", judge=made, own=own)


@dataclass
class Asker:
    """Answers with what is left in ``replies``, then with a verdict; notes who was asked about what."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    replies: list[Verdict] = field(default_factory=list)
    fault: str | None = None

    @contextlib.contextmanager
    def __call__(self, candidate: Any, *_: Any) -> Iterator[Any]:
        def answer(part: Sequence[Ask]) -> list[Verdict]:
            if self.fault:
                raise NegjudgeError(self.fault)
            self.asked += [(candidate.role, ask.sample.id) for ask in part]
            said = Verdict(object_present=0.9, element_present=0.1)
            return [self.replies.pop(0) if self.replies else said for _ in part]

        yield answer


@pytest.fixture
def asker(monkeypatch: pytest.MonkeyPatch) -> Asker:
    found = Asker()
    monkeypatch.setattr(verdicts, "asker", found)
    return found


def ask(run: Path, *judges: Any, samples: Sequence[Any] = SAMPLES) -> Responses:
    return ask_all(run, [(one, plain(run, samples)) for one in judges], {}, batch_size=2)


def stored(run: Path) -> list[tuple[str | None, str | None]]:
    return [(verdict.judge, verdict.sample) for verdict in read_records(run / VERDICTS, Verdict)]


def test_each_question_is_asked_once(tmp_path: Path, asker: Asker) -> None:
    first = ask(tmp_path, judge(), samples=SAMPLES[:2])
    again = ask(tmp_path, judge())
    assert asker.asked == [("tuned", sample.id) for sample in SAMPLES]
    assert list(again.verdicts["tuned", "plain"]) == [sample.id for sample in SAMPLES]
    assert again.verdicts["tuned", "plain"].items() >= first.verdicts["tuned", "plain"].items()
    assert stored(tmp_path) == [("tuned@w1", sample.id) for sample in SAMPLES]


def test_other_weights_and_pictures_that_are_gone_are_dropped_and_other_judges_stay(
    tmp_path: Path, asker: Asker
) -> None:
    ask(tmp_path, judge(), judge("gpt", own=False))
    ask(tmp_path, judge(weights="w2"), samples=SAMPLES[:1])
    assert stored(tmp_path) == [
        *(("gpt@w1", sample.id) for sample in SAMPLES),
        ("tuned@w2", SAMPLES[0].id),
    ]


def test_what_a_server_left_unanswered_is_asked_again_and_a_folders_judge_is_believed(
    tmp_path: Path, asker: Asker
) -> None:
    for kind, again in (("endpoint", 2), ("local", 0)):
        run = tmp_path / kind
        asker.replies = [Verdict(error="no answer"), Verdict(object_present=0.5)]
        ask(run, judge(kind=kind))
        asker.asked.clear()
        ask(run, judge(kind=kind))
        assert [sample for _, sample in asker.asked] == [sample.id for sample in SAMPLES[:again]]
        ask(run, judge(kind=kind))  # of two answers to a question the later one stays
        assert len(asker.asked) == again
        assert len(stored(run)) == 3


def test_who_cannot_be_asked_is_left_out_unless_all_of_it_is_known(tmp_path: Path, asker: Asker) -> None:
    asker.fault = "the server is away"
    responses = ask(tmp_path, judge("gpt", kind="endpoint", own=False))
    assert responses == Responses({}, {"gpt": "the server is away"})
    with pytest.raises(NegjudgeError, match="the server is away"):
        ask(tmp_path, judge())
    unsaid = [Verdict(sample=s.id, judge="gpt@w1", error="no answer") for s in SAMPLES]
    write_records(tmp_path / VERDICTS, unsaid)
    responses = ask(tmp_path, judge("gpt", kind="endpoint", own=False))
    assert responses.left_out == {}
    assert list(responses.verdicts["gpt", "plain"].values()) == unsaid


def test_a_killed_session_keeps_its_whole_batches(
    tmp_path: Path, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, calls = verdicts.append_records, []

    def interrupted(path: Path, records: Sequence[Verdict]) -> None:
        write(path, records)
        calls.append(records)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(verdicts, "append_records", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ask(tmp_path, judge())
    assert len(stored(tmp_path)) == 2
    ask(tmp_path, judge())
    assert len(asker.asked) == len(stored(tmp_path)) == 3
