"""`transformers serve` in a process of its own: an OpenAI-compatible server that is none of ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def transformers_serving(model: Path, log: Path) -> Iterator[str]:
    """Run the server with a model's folder until it answers, and return its address up to /v1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [Path(sys.executable).with_name("transformers"), "serve", model, "--device", "cpu"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with log.open("wb") as lines:
        process = subprocess.Popen(
            [*map(str, command), "--host", "127.0.0.1", "--port", str(port)],
            env=environment, stdout=lines, stderr=lines,
        )  # fmt: skip
        try:
            _wait(process, f"http://127.0.0.1:{port}/health", log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], health: str, log: Path) -> None:
    with httpx.Client(trust_env=False, timeout=5) as client:
        while process.poll() is None:
            try:
                if client.get(health).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
    raise AssertionError(log.read_text()[-2000:])
