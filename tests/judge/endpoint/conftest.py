"""A real server that runs the tiny judge, and pictures to ask it about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from chat_server import ChatServer, serving

from minilab.render import render
from negjudge import Judge


@pytest.fixture(scope="module")
def local() -> Judge:
    return Judge.from_pretrained("data/mini/judge-base", device="cpu")


@pytest.fixture
def server(local: Judge, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with serving(local) as found:
        monkeypatch.setenv("NEGJUDGE_ENDPOINT", found.address + "/")
        monkeypatch.setenv("NEGJUDGE_API_KEY", found.key)
        yield found


@pytest.fixture
def pictures() -> list[Any]:
    return [
        render("bicycle", ["wheels", "seat"], seed=1),
        render("cat", [], seed=2),
        render("bicycle", ["wheels"], seed=3),
    ]
