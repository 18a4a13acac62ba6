"""Votes on record: each once, whatever happens, and wrong ones set aside."""

from dataclasses import replace
from pathlib import Path

import lab
import pytest

from negjudge.data.records import Label, Vote, append_records, read_records, write_records
from negjudge.errors import NegjudgeError
from negjudge.labeling.labelstudio.client import Task
from negjudge.labeling.votes import SKIPPED, Quarantined, VoteBook

NAMES = {7: "anna", 8: "ben"}


@pytest.fixture(autouse=True)
def _one_sample(tmp_path):
    (sample,) = lab.fill(tmp_path, 1)
    write_records(tmp_path / "samples.jsonl", [replace(sample, id="s")])


def votes(question, *answers):
    return [Vote("s", f"a-{n}", "people", question, answer) for n, answer in enumerate(answers)]


def annotation(number, account=7, **changes):
    answers = {"object": "yes", "element": "no", "quality": "4"} | changes.pop("answers", {})
    return {
        "id": number,
        "completed_by": account,
        "was_cancelled": False,
        "result": lab.result(**answers),
    } | changes


def test_what_is_new_is_appended_and_nothing_twice(tmp_path):
    first = Task(1, "s", (annotation(1),))
    second = Task(1, "s", (annotation(1), annotation(2, account=8)))
    for export in ([first], [first], [second], [second]):
        VoteBook(tmp_path, "people").record(export, NAMES)
    stored = read_records(tmp_path / "votes.jsonl", Vote)
    assert [vote.annotator for vote in stored] == ["anna"] * 3 + ["ben"] * 3
    assert not (tmp_path / "quarantine.jsonl").exists()


def test_an_append_interrupted_by_ctrl_c_is_not_repeated(tmp_path, monkeypatch):
    export, book = [Task(1, "s", (annotation(1),))], VoteBook(tmp_path, "people")

    def interrupted(path, records):
        append_records(path, records)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("negjudge.labeling.votes.append_records", interrupted)
        with pytest.raises(KeyboardInterrupt):
            book.record(export, NAMES)
    book.record(export, NAMES)
    assert len(read_records(tmp_path / "votes.jsonl", Vote)) == len(book.votes) == 3


def test_a_killed_append_is_made_good(tmp_path):
    export = [Task(1, "s", (annotation(1, answers={"quality": "9"}), annotation(2, account=8)))]
    VoteBook(tmp_path, "people").record(export, NAMES)
    path = tmp_path / "votes.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])  # torn in the middle of a line
    (tmp_path / "quarantine.jsonl").unlink()
    VoteBook(tmp_path, "people").record(export, NAMES)
    assert path.read_bytes() == whole
    assert len(read_records(tmp_path / "quarantine.jsonl", Quarantined)) == 1


def test_an_answer_changed_on_the_server_is_appended(tmp_path):
    for answer in ("yes", "no", "no"):
        book = VoteBook(tmp_path, "people")
        book.record([Task(1, "s", (annotation(1, answers={"object": answer}),))], NAMES)
    assert [v.answer for v in read_records(tmp_path / "votes.jsonl", Vote) if v.question == "object"] == [
        "yes",
        "no",
    ]
    assert book.write_labels()[0].answer == "no"


def test_wrong_answers_are_set_aside_with_reason_and_whole_annotation(tmp_path):
    wrong = [
        annotation(1, answers={"quality": "9"}),
        annotation(2),
        annotation(3, account=99),
        annotation(4, account=None),
        annotation(5, account=8, was_cancelled=True, result=[]),
    ]
    tasks = [
        Task(1, "s", tuple(wrong)),
        Task(2, "stranger", (annotation(6),)),
        Task(3, None, (annotation(7),)),
    ]
    book = VoteBook(tmp_path, "people")
    book.record(tasks, NAMES)
    aside = read_records(tmp_path / "quarantine.jsonl", Quarantined)
    assert [(one.sample, one.annotator, one.question, one.reason) for one in aside] == [
        ("s", "anna", "quality", "rating '9' is not one of 1 to 5"),
        ("s", "anna", None, "a second annotation by the same annotator; the first one counts"),
        ("s", None, None, "unknown annotator"),
        ("s", None, None, "unknown annotator"),
        ("s", "ben", None, SKIPPED),
        ("stranger", "anna", None, "unknown sample"),
        (None, "anna", None, "unknown sample"),
    ]
    assert [one.annotation["id"] for one in aside] == [1, 2, 3, 4, 5, 6, 7]
    assert aside[0].annotation["result"] == wrong[0]["result"]
    assert [vote.question for vote in read_records(tmp_path / "votes.jsonl", Vote)] == ["object", "element"]
    # All of it has been answered in some way, so nothing is asked again.
    assert VoteBook(tmp_path, "people").answered("s", "anna")
    assert VoteBook(tmp_path, "people").answered("s", "ben")
    assert not VoteBook(tmp_path, "people").answered("s", "carl")


def test_votes_on_a_retired_picture_stay(tmp_path):
    export = [Task(1, "s", (annotation(1),))]
    VoteBook(tmp_path, "people").record(export, NAMES)
    (tmp_path / "samples.jsonl").unlink()
    VoteBook(tmp_path, "people").record(export, NAMES)
    assert not (tmp_path / "quarantine.jsonl").exists()
    assert len(VoteBook(tmp_path, "people").write_labels()) == 3


def test_simulated_and_human_votes_never_share_a_folder(tmp_path):
    append_records(tmp_path / "votes.jsonl", votes("object", "yes"))
    with pytest.raises(NegjudgeError, match="never share a run folder"):
        VoteBook(tmp_path, "simulated")


def test_labels_are_written_only_when_they_change(tmp_path: Path):
    append_records(tmp_path / "votes.jsonl", votes("object", "yes", "no"))
    path = tmp_path / "labels.jsonl"
    VoteBook(tmp_path, "people").write_labels()
    before = path.stat().st_mtime_ns, path.stat().st_ino
    VoteBook(tmp_path, "people").write_labels()
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    append_records(tmp_path / "votes.jsonl", [Vote("s", "a-2", "people", "object", "no")])
    VoteBook(tmp_path, "people").write_labels()
    assert [label.answer for label in read_records(path, Label)] == ["no"]
