"""Whatever the tests here start, a stage or its server, is ended in any case."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import lab
import pytest


@pytest.fixture(scope="session")
def stages() -> Iterator[None]:
    """For tests that start stages: Ctrl-C reaches them, and none of them outlives the tests."""
    # A shell's background job ignores Ctrl-C, and would have its children ignore it too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
    lab.end_all()
