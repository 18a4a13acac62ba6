"""Votes collected through a running Label Studio, from simulated annotators or from people."""

from __future__ import annotations

import inspect
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from negjudge.data.pairs import read_pairs
from negjudge.data.records import Sample, Vote
from negjudge.data.runs import SERVER
from negjudge.errors import NegjudgeError
from negjudge.labeling.labelstudio.client import Client, Task
from negjudge.labeling.labelstudio.form import PICTURES, task_data, to_result
from negjudge.labeling.labelstudio.logins import FILE, address
from negjudge.labeling.labelstudio.server import SERVED, serve
from negjudge.labeling.parts import Parts
from negjudge.labeling.pictures import serve_pictures
from negjudge.labeling.recipe import LabelRecipe
from negjudge.labeling.votes import VoteBook
from negjudge.progress import progress_bar
from negjudge.recipes import load_function

Voter = Callable[..., Sequence[Vote]]  # of samples, their pictures, a seed, and perhaps parts=Parts

_CHUNK = 50  # pictures shown to the simulated annotators between two steps of the bar
_PAUSE = 2.0  # seconds between two looks at how far the people are


def collect(recipe: LabelRecipe, run: Path, samples: Sequence[Sample], book: VoteBook) -> None:
    """Run the server until all is answered, or the people have had enough, and record the votes.

    Raises NegjudgeError where the server has some of the pictures with questions about other parts.
    """
    folder, voter = run / SERVER, load_function(recipe.voter, "voter") if recipe.voter else None
    serve_pictures(samples, run, folder / SERVED / PICTURES)
    counts = [len(parts) for parts in book.parts.values()] or [0]
    slots = max(counts)
    with (
        serve(folder, recipe.executable, recipe.port, recipe.annotators) as server,
        Client(server, f"negjudge {run.name}", slots, min(counts)) as client,
    ):
        accounts = client.prepare(recipe.annotators)
        names = {account: name for name, account in accounts.items()}
        stored = {task.sample: task for task in client.tasks()}
        _require_same_parts(stored, samples, book.parts, folder)
        asked = read_pairs(recipe.pairs) if recipe.pairs else {}

        def data(sample: Sample) -> dict[str, Any]:
            pair = None if voter and not slots else asked.get(sample.pair)
            return task_data(sample, pair, book.parts.get(sample.id, ()), slots)

        if voter:
            _simulate(voter, recipe, run, samples, client, accounts, stored, book.parts, data)
        else:
            _import(client, [{"data": data(sample)} for sample in samples if sample.id not in stored])
            _await_people(recipe, samples, client, book, names)
        book.record(client.tasks(), names)


def _require_same_parts(
    stored: Mapping[str | None, Task], samples: Sequence[Sample], parts: Parts, folder: Path
) -> None:
    for sample in samples:
        task = stored.get(sample.id)
        if task and task.parts != parts.get(sample.id, ()):
            raise NegjudgeError(
                f"the pictures in {folder} were asked about other parts (keep_questions or the pairs have "
                "changed); choose another run folder, or remove that folder and label anew"
            )


def _import(client: Client, tasks: Sequence[Mapping[str, Any]]) -> None:
    with progress_bar("importing tasks", len(tasks), "task", shown=bool(tasks)) as advance:
        client.import_tasks(tasks, advance)


def _simulate(
    voter: Voter,
    recipe: LabelRecipe,
    run: Path,
    samples: Sequence[Sample],
    client: Client,
    accounts: Mapping[str, int],
    stored: Mapping[str | None, Task],
    parts: Parts,
    data: Callable[[Sample], dict[str, Any]],
) -> None:
    """Give the server every simulated annotator's answers: with the task where that is new, else singly."""
    done = {
        (task.sample, annotation.get("completed_by"))
        for task in stored.values()
        for annotation in task.annotations
    }
    todo = [s for s in samples if any((s.id, account) not in done for account in accounts.values())]
    votes = ask(voter, recipe, run, todo, parts)
    results = {(sample, name): to_result(own, parts.get(sample, ())) for (sample, name), own in votes.items()}
    new = [sample for sample in todo if sample.id not in stored]
    _import(client, [_task(sample, data(sample), results, accounts) for sample in new])
    late = [
        (sample.id, name)
        for sample in todo
        for name, account in accounts.items()
        if sample.id in stored and (sample.id, account) not in done
    ]
    with progress_bar("adding annotations", len(late), "annotation", shown=bool(late)) as advance:
        for sample, name in late:
            unique = uuid.uuid5(uuid.NAMESPACE_OID, f"{client.title} {sample} {name}")
            client.annotate(stored[sample].id, accounts[name], results[sample, name], str(unique))
            advance()


def _task(
    sample: Sample,
    data: Mapping[str, Any],
    results: Mapping[tuple[str, str], list[dict[str, Any]]],
    accounts: Mapping[str, int],
) -> dict[str, Any]:
    annotations = [
        # Label Studio takes imported annotations for ground truth unless told otherwise.
        {"result": results[sample.id, name], "completed_by": account, "ground_truth": False}
        for name, account in accounts.items()
    ]
    return {"data": data, "annotations": annotations}


def ask(
    voter: Voter, recipe: LabelRecipe, run: Path, samples: Sequence[Sample], parts: Parts | None = None
) -> Mapping[tuple[str, str], Sequence[Vote]]:
    """Return the simulated votes by sample and annotator; NegjudgeError when the voter leaves some out.

    Where there are ``parts`` to ask about, the voter is given them under that name.
    """
    if parts and "parts" not in inspect.signature(voter).parameters:
        raise NegjudgeError(f"key 'voter': {recipe.voter} takes no 'parts', which keep_questions asks about")
    found: dict[tuple[str, str], list[Vote]] = defaultdict(list)
    with progress_bar("simulated annotators", len(samples), "picture", shown=bool(samples)) as advance:
        for start in range(0, len(samples), _CHUNK):
            chunk = samples[start : start + _CHUNK]
            more = {"parts": {s.id: parts.get(s.id, ()) for s in chunk}} if parts else {}
            for vote in voter(chunk, [run / sample.image for sample in chunk], recipe.seed, **more):
                found[vote.sample, vote.annotator].append(vote)
            advance(len(chunk))
    expected = {(sample.id, name) for sample in samples for name in recipe.annotators}
    if expected != found.keys():
        sample, name = min(expected ^ found.keys())
        wrong = "gave no vote" if (sample, name) in expected else "gave a vote that nobody asked for"
        raise NegjudgeError(
            f"{recipe.voter} {wrong}: annotator {name}, sample {sample}; see key 'annotators'"
        )
    return found


def _await_people(
    recipe: LabelRecipe, samples: Sequence[Sample], client: Client, book: VoteBook, names: Mapping[int, str]
) -> None:
    """Say how to log in, and record what people answer until all is done or Ctrl-C."""
    server = client.server
    mails = ", ".join(map(address, recipe.annotators))
    print(
        f"Label at {server.url}/user/login/?next=/projects/{client.project}/data\n"
        f"Log in as {mails}; the password is in {server.folder / FILE}\n"
        'Press "Label All Tasks"; the keys are beside the answers. Ctrl-C here when you have had enough: '
        "the same command goes on.",
        flush=True,
    )
    total, left = len(samples) * len(recipe.annotators), len(book.missing(samples, recipe.annotators))
    submitted, pause = -1, _PAUSE
    try:
        with progress_bar("annotations", total, "annotation", done=total - left) as advance:
            while True:
                if (now := client.submitted()) != submitted:
                    submitted, began = now, time.monotonic()
                    book.record(client.tasks(), names)
                    before, left = left, len(book.missing(samples, recipe.annotators))
                    advance(before - left)
                    # A large project takes long to export: spend a tenth of the time on that.
                    pause = max(_PAUSE, 9 * (time.monotonic() - began))
                if not left:
                    return
                time.sleep(pause)
    except KeyboardInterrupt:
        print("stopping: pulling what is there")
