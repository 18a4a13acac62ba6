"""What the labelling stage asks of a running Label Studio: accounts, project, tasks, annotations."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

from negjudge.errors import NegjudgeError
from negjudge.labeling.labelstudio.form import INSTRUCTION, INSTRUCTION_WITH_PARTS, PICTURES, labelling_config
from negjudge.labeling.labelstudio.logins import address
from negjudge.labeling.labelstudio.server import LOG, SERVED, Server

TIMEOUT = 600.0  # seconds; an export of ten thousand tasks takes ten, on a busy machine far more
BATCH = 200  # tasks in one import: a quarter of a second with three annotations each
TRIES = 3


@dataclass(frozen=True)
class Task:
    """A task as the server has it; ``sample`` is the external id, since SQLite gives task ids out again.

    ``parts`` are those that it asks about, in the order of their lines on the page.
    """

    id: int
    sample: str | None
    annotations: tuple[Mapping[str, Any], ...]
    parts: tuple[str, ...] = ()


class Client:
    """The project of one run on one server. Every failure is a NegjudgeError without logins in it.

    Proxy settings are ignored: the server is on this machine. Nothing is retried blindly, since a request
    may have been carried out although its answer was lost. The page asks about up to ``slots`` parts,
    of which at least ``required`` must be answered.
    """

    def __init__(self, server: Server, title: str, slots: int = 0, required: int = 0) -> None:
        self.server = server
        self._http = httpx.Client(base_url=server.url, trust_env=False, timeout=TIMEOUT)
        self._sdk = LabelStudio(
            base_url=server.url, api_key=server.logins.token, httpx_client=self._http, max_retries=0
        )
        self.title, self.slots, self.required = title, slots, required
        self.project = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def prepare(self, annotators: Sequence[str]) -> dict[str, int]:
        """Make accounts, project and picture storage where they are missing; return account ids by name."""
        with self._said_plainly("the accounts"):
            accounts = self._accounts(annotators)
        with self._said_plainly("the project"):
            self.project = self._find_project(len(annotators))
            self._find_storage()
        return accounts

    def _accounts(self, annotators: Sequence[str]) -> dict[str, int]:
        known = {user.email: user.id for user in self._sdk.users.list()}
        missing = [one for one in annotators if address(one) not in known]
        if missing:
            invitation = self._sdk.organizations.invites.get_invite_link().invite_url
            for annotator in missing:
                self._sign_up(str(invitation), address(annotator))
            # The server's log now holds the invitation; a new one makes it worthless.
            self._http.post("/api/invite/reset-token", headers=self._authorization).raise_for_status()
            known = {user.email: user.id for user in self._sdk.users.list()}
        return {one: known[address(one)] for one in annotators}

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.server.logins.token}"}

    def _sign_up(self, invitation: str, mail: str) -> None:
        """Fill in the sign-up page as a person would: the API makes accounts, but sets no passwords."""
        with httpx.Client(base_url=self.server.url, trust_env=False, timeout=TIMEOUT) as visitor:
            visitor.get(invitation).raise_for_status()
            form = {
                "email": mail,
                "password": self.server.logins.passwords[mail],
                "csrfmiddlewaretoken": visitor.cookies["csrftoken"],
            }
            answer = visitor.post(invitation, data=form, headers={"Referer": self.server.url})
            if answer.status_code != httpx.codes.FOUND:  # an accepted form leads to another page
                raise NegjudgeError(f"Label Studio did not accept the account {mail}; see its server.log")

    def _find_project(self, annotators: int) -> int:
        settings: dict[str, Any] = {
            "label_config": labelling_config(self.slots, self.required),
            "expert_instruction": INSTRUCTION_WITH_PARTS if self.slots else INSTRUCTION,
            "maximum_annotations": annotators,
            "enable_empty_annotation": False,
            "show_collab_predictions": False,  # they would fill the answers in
        }
        found = [project for project in self._sdk.projects.list() if project.title == self.title]
        if not found:
            return int(self._sdk.projects.create(title=self.title, **settings).id)
        project = min(found, key=lambda one: int(one.id or 0))
        if any(getattr(project, name) != value for name, value in settings.items()):
            self._sdk.projects.update(id=int(project.id or 0), **settings)
        return int(project.id or 0)

    def _find_storage(self) -> None:
        """Allow this project's annotators the served pictures; never synced, which would make tasks."""
        path = str((self.server.folder / SERVED / PICTURES).absolute())
        known = self._sdk.import_storage.local.list(project=self.project)
        if all(storage.path != path for storage in known):
            self._sdk.import_storage.local.create(
                project=self.project, path=path, title="pictures", regex_filter=r".*\.png", use_blob_urls=True
            )

    def tasks(self) -> list[Task]:
        """Return every task with all its annotations, skipped ones too, oldest first."""
        with self._said_plainly("the export"):
            parts = self._sdk.projects.exports.download_sync(
                self.project, export_type="JSON", download_all_tasks=True
            )
            exported = json.loads(b"".join(parts))
        tasks = [
            Task(
                task["id"],
                task["data"].get("sample"),
                tuple(sorted(task["annotations"], key=lambda one: int(one["id"]))),
                tuple(task["data"].get("parts", ())),
            )
            for task in exported
        ]
        return sorted(tasks, key=lambda task: task.id)

    def submitted(self) -> int:
        """Return how many annotations, skipped ones too, the project has."""
        with self._said_plainly("the project"):
            project = self._sdk.projects.get(self.project)
        return int(project.total_annotations_number or 0) + int(project.skipped_annotations_number or 0)

    def import_tasks(self, tasks: Sequence[Mapping[str, Any]], advance: Callable[[int], None]) -> None:
        """Import tasks that the caller has found missing; ``advance(n)`` is called as they are there.

        Where the server failed (SQLite was locked, say), what is there is looked up before another try. Where
        its answer was lost it may still be at work, so that even a look-up proves nothing: that ends the run,
        and the next one begins with a new server.
        """
        left, failures = list(tasks), 0
        while left:
            before = len(left)
            try:
                with self._said_plainly("the tasks"):
                    self._sdk.projects.import_tasks(self.project, request=left[:BATCH])
                left = left[BATCH:]
            except _ServerFault:
                failures += 1
                if failures == TRIES:
                    raise
                present = {task.sample for task in self.tasks()}
                left = [task for task in left if task["data"]["sample"] not in present]
            advance(before - len(left))

    def annotate(self, task: int, account: int, result: list[dict[str, Any]], unique_id: str) -> None:
        """Store one annotator's answers; a second one with the same ``unique_id`` is not made."""
        with self._said_plainly("an annotation"):
            try:
                self._sdk.annotations.create(task, result=result, completed_by=account, unique_id=unique_id)
            except ApiError as error:
                if error.status_code != httpx.codes.CONFLICT:
                    raise

    @contextlib.contextmanager
    def _said_plainly(self, what: str) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, ApiError) as error:
            raise _plain(error, what, self.server.folder) from None


class _ServerFault(NegjudgeError):
    """The server took the request and failed over it."""


def _plain(error: httpx.HTTPError | ApiError, what: str, folder: Path) -> NegjudgeError:
    """Return an error without headers or addresses, which hold tokens."""
    if isinstance(error, ApiError):
        kind = _ServerFault if (error.status_code or 500) >= 500 else NegjudgeError
        detail = " ".join(str(error.body).split())[:200]
        return kind(f"Label Studio refused {what} (HTTP {error.status_code}): {detail}; see {folder / LOG}")
    return NegjudgeError(
        f"Label Studio stopped answering over {what} ({type(error).__name__}); see {folder / LOG}, "
        "then run the same command again"
    )
