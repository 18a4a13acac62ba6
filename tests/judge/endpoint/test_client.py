"""Faults of a server and of the surroundings: waited out, told in one line, no secret in any of it."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chat_server import ChatServer
from endpoint import QUICK, ask

from negjudge.errors import NegjudgeError
from negjudge.judge.endpoint import client

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that a client would have waited; it is always noon, and nothing is waited."""
    found: list[float] = []

    class Event(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            found.append(timeout)
            return self.is_set()

    monkeypatch.setattr(client, "threading", SimpleNamespace(Event=Event))
    monkeypatch.setattr(client, "datetime", SimpleNamespace(now=lambda _: NOW))
    return found


@pytest.mark.parametrize("asked", ["2", format_datetime(NOW + timedelta(seconds=2), usegmt=True)])
def test_passing_faults_are_waited_out(
    server: ChatServer, pictures: list[Any], tmp_path: Path, waits: list[float], asked: str
) -> None:
    server.retry_after = asked
    server.faults = ["429", "hang-up", None, "500", "page"]  # type: ignore[list-item]
    assert [v.error for v in ask(tmp_path, pictures[:2])] == [None, None]
    assert len(server.bodies) == 6
    *own, longest = sorted(waits)
    assert len(own) == 3  # after the others the wait is our own: the first one, or twice that
    assert all(QUICK.first / 2 <= wait <= 1.5 * QUICK.longest for wait in own)
    assert 2 <= longest <= 2 + QUICK.first / 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("503", "503, server_error"),
        ("hang-up", "no answer (RemoteProtocolError)"),
        ("429", "429, rate_limit"),
    ],
)
def test_a_lasting_fault_is_one_line_and_keeps_what_was_answered(
    server: ChatServer, pictures: list[Any], tmp_path: Path, fault: str, said: str
) -> None:
    server.faults = [None, *[fault] * 50]  # type: ignore[list-item]
    with pytest.raises(NegjudgeError) as error:
        ask(tmp_path, pictures)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert len((tmp_path / "endpoint.jsonl").read_text().splitlines()) == 1
    tried = len(server.bodies)
    server.faults = []
    assert [v.error for v in ask(tmp_path, pictures)] == [None] * 3
    assert len(server.bodies) == tried + 2  # the first picture was paid for


def test_a_long_wait_is_not_waited(server: ChatServer, pictures: list[Any], tmp_path: Path) -> None:
    server.retry_after, server.faults = "3600", ["429"]
    with pytest.raises(NegjudgeError, match="asks to wait 3600 s"):
        ask(tmp_path, pictures)


def test_nothing_ever_holds_key_or_address(
    server: ChatServer, pictures: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The server puts both into everything that it says: into answers, into faults, into refusals."""
    caplog.set_level(logging.DEBUG)
    server.echo = True
    told = [repr(ask(tmp_path, pictures))]
    server.faults = ["500"] * 3
    faults: list[dict[str, Any]] = [{}, {"key": "sk-other"}, {"structured": False, "logprobs": "refused"}]
    for number, change in enumerate(faults):
        for name, value in change.items():
            setattr(server, name, value)
        try:
            told.append(repr(ask(tmp_path / str(number), pictures)))
        except NegjudgeError as error:
            told.append(str(error))
    files = [path.read_text() for path in tmp_path.rglob("*.jsonl")]
    assert len(files) == 1
    assert any("401" in one for one in told)
    where = server.address.removeprefix("http://").removesuffix("/v1")
    for text in [*told, *files, caplog.text]:
        for secret in ("sk-Secret", "sk_secret", "4711", "sk-other", where, "127.0.0.1"):
            assert secret not in text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NEGJUDGE_ENDPOINT", "", "set NEGJUDGE_ENDPOINT to a server's address"),
        ("NEGJUDGE_ENDPOINT", "secret-host.example", "is no address"),
        ("NEGJUDGE_ENDPOINT", "http://secret-host.example:99999999/v1", "is no address"),
        ("NEGJUDGE_API_KEY", "secret-key\nInjected: 1", "holds a character"),
        ("NEGJUDGE_API_KEY", "secret-keyé", "holds a character"),
        ("NEGJUDGE_API_KEY", "secret-wrong", "401, invalid_api_key: it wants another key"),
        ("NEGJUDGE_ENDPOINT", "http://127.0.0.1:1/secret", "no answer (ConnectError)"),
    ],
)
def test_what_is_wrong_with_the_surroundings_is_said_without_showing_it(
    server: ChatServer,
    pictures: list[Any],
    tmp_path: Path,
    monkeypatch: Any,
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(NegjudgeError) as error:
        ask(tmp_path, pictures)
    assert said in str(error.value)
    assert "secret" not in str(error.value)
