"""`python -m labeling.run` against a real Label Studio: killed, repeated, tampered with, used by people.

One server's first start serves all: what comes after goes on in its folder, or in a copy of its data.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import lab
import pytest
import voters

from negjudge.data.records import Label, Sample, Vote, read_records
from negjudge.labeling.labelstudio.server import is_running
from negjudge.labeling.votes import Quarantined

PICTURES = 600  # three imports of 200, so that a kill falls between them


def wait_for(condition: Callable[[], Any], process: subprocess.Popen[bytes]) -> Any:
    """Wait as long as the stage lives: a machine may be busy with much else."""
    while not (found := condition()):
        assert process.poll() is None, "the stage ended early"
        time.sleep(0.01)
    return found


def doubled(votes: list[Vote]) -> list[object]:
    counted = Counter((vote.sample, vote.annotator, vote.question) for vote in votes)
    return [key for key, number in counted.items() if number > 1]


@pytest.fixture(scope="session")
def killed(stages, tmp_path_factory):
    """A run killed while it imported, what was done to its server meanwhile, and the run after it."""
    folder = tmp_path_factory.mktemp("labeling")
    run = folder / "run"
    samples = lab.fill(run, PICTURES)
    values = lab.recipe_values(run)
    stage = lab.start(values, folder)
    wait_for(lambda: lab.count(run, "task"), stage)
    stage.send_signal(signal.SIGKILL)
    stage.wait()
    found = SimpleNamespace(folder=folder, run=run, samples=samples, values=values)
    found.orphan = is_running(run / "labelstudio")
    found.process = int((run / "labelstudio/server.pid").read_text().split()[0])
    found.left = lab.count(run, "task")
    found.tampered = tamper(run)
    found.access = access(run, samples)
    found.code = lab.start(values, folder).wait()
    found.out = (folder / "out").read_text()
    return found


def tamper(run: Path) -> dict[str, str]:
    """Change annotations as the API lets anybody do; return what was done to which sample."""
    with lab.administrator(run) as api:
        number = lab.project(api, run)
        export = api.get(f"/api/projects/{number}/export", params={"export_type": "JSON"}).json()
        first = api.get("/api/users/").json()[0]["id"]
        tasks = sorted(export, key=lambda task: int(task["id"]))[:5]
        done = dict(zip(("rating", "choice", "missing", "deleted", "stranger"), tasks, strict=True))
        patches = {
            "rating": lab.result(object="yes", element="no", quality="9"),
            "choice": lab.result(object="perhaps", element="no", quality="3"),
            "missing": lab.result(object="yes", quality="3"),
        }
        for name, result in patches.items():
            first_one = min(one["id"] for one in done[name]["annotations"])
            api.patch(f"/api/annotations/{first_one}/", json={"result": result}).raise_for_status()
        for one in done["deleted"]["annotations"][:2]:
            api.delete(f"/api/annotations/{one['id']}/").raise_for_status()
        answers = {"result": lab.result(object="yes", element="yes", quality="5"), "completed_by": first}
        task = done["stranger"]["id"]
        api.post(f"/api/tasks/{task}/annotations/", json=answers).raise_for_status()
    return {name: task["data"]["sample"] for name, task in done.items()}


def access(run: Path, samples) -> SimpleNamespace:
    """Ask the server for what it must and must not hand out."""
    page, root = f"/data/local-files/?d=pictures/{samples[0].id}.png", lab.url_of(run)
    with (
        lab.log_in(run, "annotator-2") as annotator,
        httpx.Client(base_url=root, trust_env=False, timeout=600) as nobody,
    ):
        invitations = re.findall(r"token=(\w+)", (run / "labelstudio/server.log").read_text())
        nobody.get("/user/signup/")
        form = {
            "email": "eve@example.com",
            "password": "abcdefgh1234",
            "csrfmiddlewaretoken": nobody.cookies["csrftoken"],
        }
        return SimpleNamespace(
            picture=annotator.get(page).content,
            above=annotator.get("/data/local-files/?d=../logins.json").status_code,
            anonymous=nobody.get(page).status_code,
            signups=[
                nobody.post(f"/user/signup/{query}", data=form, headers={"Referer": root}).status_code
                for query in ("", f"?token={invitations[-1]}")
            ],
        )


def test_a_killed_run_leaves_its_server_and_the_next_one_ends_it(killed):
    assert killed.orphan
    assert 0 < killed.left <= PICTURES
    assert killed.code == 0, killed.out
    assert not is_running(killed.run / "labelstudio")
    with pytest.raises(ProcessLookupError):
        os.kill(killed.process, 0)


def test_no_task_or_vote_is_doubled_or_lost(killed):
    # Two deleted annotations came back singly, and the administrator's is there too.
    assert lab.count(killed.run, "task") == PICTURES
    assert lab.count(killed.run, "task_completion") == 3 * PICTURES + 1
    votes = read_records(killed.run / "votes.jsonl", Vote)
    assert doubled(votes) == []
    assert len(votes) == 9 * PICTURES - 3
    assert {vote.annotator for vote in votes} == {"annotator-1", "annotator-2", "annotator-3"}
    assert {vote.source for vote in votes} == {"simulated"}


def test_votes_come_back_from_the_server_as_they_were_given(killed):
    images = [killed.run / sample.image for sample in killed.samples]
    given = {(v.sample, v.annotator, v.question): v.answer for v in voters.vote(killed.samples, images, 0)}
    touched = {killed.tampered[name] for name in ("rating", "choice", "missing")}
    pulled = [v for v in read_records(killed.run / "votes.jsonl", Vote) if v.sample not in touched]
    assert len(pulled) == 9 * (PICTURES - 3)
    assert all(given[v.sample, v.annotator, v.question] == v.answer for v in pulled)


def test_wrong_votes_are_in_the_quarantine_and_their_neighbours_count(killed):
    aside = read_records(killed.run / "quarantine.jsonl", Quarantined)
    assert sorted((one.sample, one.question, one.reason) for one in aside if one.question) == sorted(
        [
            (killed.tampered["rating"], "quality", "rating '9' is not one of 1 to 5"),
            (killed.tampered["choice"], "object", "answer 'perhaps' is not one of yes, no, unsure"),
            (killed.tampered["missing"], "element", "no answer"),
        ]
    )
    (other,) = [one for one in aside if not one.question]
    assert (other.sample, other.annotator, other.reason) == (
        killed.tampered["stranger"],
        None,
        "unknown annotator",
    )
    assert "4 answers set aside, with reasons, in" in killed.out


def test_every_question_of_every_picture_has_a_label(killed):
    labels = read_records(killed.run / "labels.jsonl", Label)
    assert len({(label.sample, label.question) for label in labels}) == len(labels) == 3 * PICTURES
    assert {label.answer for label in labels if label.question == "object"} == {"yes", "no", "unsure", "tie"}
    assert re.search(r"object +alpha 0\.\d+, raw agreement 0\.\d+", killed.out)


def test_pictures_are_served_to_annotators_and_nothing_else_to_anybody(killed):
    first = killed.samples[0]
    assert killed.access.picture == (killed.run / first.image).read_bytes()
    assert killed.access.above >= 400
    assert killed.access.anonymous == 401
    assert killed.access.signups == [403, 403], "neither without an invitation nor with the one in the log"


def test_logins_stay_secret(killed):
    server = killed.run / "labelstudio"
    logins = json.loads((server / "logins.json").read_text())
    assert stat.S_IMODE(server.stat().st_mode) == 0o700
    assert stat.S_IMODE((server / "logins.json").stat().st_mode) == 0o600
    written = killed.out + (server / "server.log").read_text()
    assert not [secret for secret in (logins["token"], *logins["passwords"].values()) if secret in written]


def test_a_complete_run_starts_nothing_and_changes_nothing(killed, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in killed.run.rglob("*") if path.is_file()}
    values = {**killed.values, "executable": "nowhere/label-studio"}
    assert lab.start(values, tmp_path).wait() == 0
    after = {path: path.stat().st_mtime_ns for path in killed.run.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} == {killed.run / ".label.lock"}


@pytest.fixture(scope="session")
def people(killed):
    """Anna labels a picture, Ctrl-C; then she labels the others and Ben all, and the stage ends by itself."""
    folder = killed.folder / "people"
    run = folder / "run-people"
    shutil.copytree(
        killed.run / "labelstudio", run / "labelstudio", ignore=shutil.ignore_patterns("server.*")
    )
    values = lab.people_values(run, killed.run, per_pair=1)
    found = SimpleNamespace(run=run, codes=[], votes=[], out=[])
    for turns in ([("anna", slice(0, 1))], [("anna", slice(1, None)), ("ben", slice(None))]):
        place = folder / f"sitting-{len(found.out)}"
        place.mkdir()
        stage = lab.start(values, place)
        wait_for(lambda out=place / "out": "Log in as" in out.read_text(), stage)
        for name, which in turns:
            answer(run, name, which)
        if not found.out:
            wait_for((run / "votes.jsonl").exists, stage)
            stage.send_signal(signal.SIGINT)
        found.codes.append(stage.wait())
        found.votes.append(read_records(run / "votes.jsonl", Vote))
        found.out.append((place / "out").read_text())
    return found


def answer(run: Path, name: str, which: slice) -> None:
    """Answer tasks of the people's project as the page does, in the order of their ids."""
    with lab.log_in(run, name) as person:
        number = lab.project(person, run)
        tasks = person.get("/api/tasks/", params={"project": number, "page_size": 100}).json()["tasks"]
        for task in sorted(task["id"] for task in tasks)[which]:
            result = lab.result(object="yes", element="no", quality="4")
            sent = person.post(f"/api/tasks/{task}/annotations/?project={number}", json={"result": result})
            assert sent.status_code == 201, sent.text


def test_people_go_on_where_they_stopped(people):
    assert people.codes == [0, 0], people.out
    first, both = people.votes
    assert Counter(vote.annotator for vote in first) == {"anna": 3}
    assert Counter(vote.annotator for vote in both) == {"anna": 18, "ben": 18}
    assert both[: len(first)] == first
    assert doubled(both) == []
    assert {vote.source for vote in both} == {"people"}
    assert not is_running(people.run / "labelstudio")


def test_people_are_told_where_and_how_to_log_in_and_what_is_left(people):
    first, second = people.out
    assert re.search(r"Label at http://127\.0\.0\.1:\d+/user/login/\?next=/projects/\d+/data", first)
    assert "Log in as anna@negjudge.invalid, ben@negjudge.invalid; the password is in" in first
    assert "11 annotations to go; the same command goes on" in first
    assert "to go" not in second
    logins = json.loads((people.run / "labelstudio/logins.json").read_text())
    assert not [secret for secret in logins["passwords"].values() if secret in first + second]


def test_the_labels_of_people_stand_on_their_own(people):
    labels = read_records(people.run / "labels.jsonl", Label)
    assert len(labels) == 18
    samples = read_records(people.run / "samples.jsonl", Sample)
    assert {label.sample for label in labels} == {sample.id for sample in samples}
    assert all((people.run / sample.image).is_file() for sample in samples)
