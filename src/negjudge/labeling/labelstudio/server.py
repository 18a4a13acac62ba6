"""The Label Studio server of a run folder: started on a free port, found after a kill, stopped."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from negjudge.data.runs import require_free_space
from negjudge.errors import NegjudgeError
from negjudge.labeling.labelstudio.logins import ADMIN, Logins, keep_logins, private

HOST = "127.0.0.1"
LOG, LOCK, PROCESS, DATA, SERVED = "server.log", "server.lock", "server.pid", "data", "served"
STARTED = f"{DATA}/started"  # made when the first start has come to its end
FIRST_START, NEXT_START = 40, 10  # seconds until /health answers, Label Studio 1.23.2 on two cores
PATIENCE = 600  # seconds until a start counts as failed
ROOM = 100  # MB: the database, its journal and the log of some thousand pictures

# The server sees these variables of ours and no others, so that no LABEL_STUDIO_*, DATABASE_NAME, CI or
# proxy setting of the surroundings changes what it does or where it writes.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")

# The child writes its process id itself, so that a parent killed right after the start leaves it on record.
_LAUNCH = 'echo "$$ $0" > "$1"; shift; exec "$@"'


@dataclass(frozen=True)
class Server:
    """A running server: where it answers, its folder, and the logins that it knows."""

    url: str
    folder: Path
    logins: Logins


@contextlib.contextmanager
def serve(folder: Path, executable: str, port: int, annotators: list[str]) -> Iterator[Server]:
    """Run the server of ``folder`` meanwhile, having ended one that a killed run has left behind.

    That one may still be at the dead run's last request: what it would store after we have looked up what is
    there would be stored twice.

    ``port`` 0 takes any free one. SIGTERM and SIGHUP end the block as Ctrl-C does, so that the server is
    stopped. Raises NegjudgeError when Label Studio is not installed, the port is taken, or the server does
    not come up or is not the one of this folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    require_free_space(folder, ROOM)
    logins = keep_logins(folder, annotators)
    child: subprocess.Popen[bytes] | None = None
    with _signals_interrupt():
        stop(folder)
        try:
            child = _start(folder, executable, port or _any_free_port(), logins)
            yield _connect(folder, logins)
        finally:
            stop(folder)
            if child:
                child.wait()


def is_running(folder: Path) -> bool:
    """Tell whether a server of this folder is alive: it holds a lock that ends with its process."""
    with open(folder / LOCK, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def stop(folder: Path) -> None:
    """End the server of this folder, if there is one: politely, then by force."""
    for number, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        if is_running(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(_recorded(folder)[0], number)
            _wait_for(lambda: not is_running(folder), patience)


def _recorded(folder: Path) -> tuple[int, int]:
    """Return process id and port of the server that runs; it writes them within its first moments."""
    path = folder / PROCESS
    _wait_for(lambda: path.exists() and path.read_text().endswith("\n"), 5.0)
    try:
        process, port = path.read_text().split()
        return int(process), int(port)
    except (FileNotFoundError, ValueError):
        raise NegjudgeError(f"a Label Studio of {folder} runs but {path} does not name it; end it") from None


def _wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def _start(folder: Path, executable: str, port: int, logins: Logins) -> subprocess.Popen[bytes]:
    program = shutil.which(executable)
    if program is None:
        raise NegjudgeError(
            f"no Label Studio at {executable}; `make label` installs it, or name another with --executable"
        )
    _require_free_port(port)
    if not (folder / STARTED).exists():
        # A first start that was cut off leaves a database without tables or without our token, and no task.
        shutil.rmtree(folder / DATA, ignore_errors=True)
    (folder / PROCESS).unlink(missing_ok=True)
    (folder / SERVED).mkdir(exist_ok=True)
    place = folder.absolute()
    command = [
        os.path.abspath(program),
        "start",
        "--no-browser",
        "--internal-host",
        HOST,
        "--port",
        str(port),
    ]
    with private(), open(place / LOCK, "a") as lock, open(place / LOG, "ab") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)  # shared with the child, and the child's alone once we close it
        return subprocess.Popen(
            ["/bin/sh", "-c", _LAUNCH, str(port), str(place / PROCESS), *command],
            cwd=place,
            env=_environment(place, port, logins),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock.fileno()],
            start_new_session=True,  # Ctrl-C is ours: votes are pulled before the server is stopped
        )


def _environment(folder: Path, port: int, logins: Logins) -> dict[str, str]:
    settings = {
        "BASE_DATA_DIR": str(folder / DATA),
        "HOST": f"http://{HOST}:{port}",
        "USERNAME": ADMIN,
        "PASSWORD": logins.passwords[ADMIN],
        "USER_TOKEN": logins.token,
        "ENABLE_LEGACY_API_TOKEN": "true",  # applied at the first start only
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LOCAL_FILES_SERVING_ENABLED": "true",
        "LOCAL_FILES_DOCUMENT_ROOT": str(folder / SERVED),
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "CORS_ALLOW_ALL_ORIGINS": "false",
        "DEBUG": "false",
        # No word to anybody: analytics, version check, error reports.
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {f"LABEL_STUDIO_{name}": value for name, value in settings.items()}


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _require_free_port(port: int) -> None:
    """Label Studio would take the next port without a word, so a busy one is refused here."""
    with socket.socket() as probe, contextlib.closing(socket.socket()) as caller:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise NegjudgeError(f"port {port} needs root; choose one above 1023 with --port") from None
        except (OSError, OverflowError):
            raise _taken(port) from None
        probe.close()
        if caller.connect_ex((HOST, port)) == 0:  # somebody listens on all addresses at once
            raise _taken(port)


def _taken(port: int) -> NegjudgeError:
    return NegjudgeError(
        f"port {port} is taken by another program; choose another with --port (0: any free one)"
    )


def _connect(folder: Path, logins: Logins) -> Server:
    """Wait until the server answers, and check that what answers is the server of this folder."""
    port = _recorded(folder)[1]
    url = f"http://{HOST}:{port}"
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as http:
        _wait_until_up(folder, http)
        if not _knows_us(http, logins):
            raise NegjudgeError(
                f"what answers on port {port} is not the Label Studio of {folder}: choose another port with "
                f"--port, or, if {folder} was damaged, move it away (votes.jsonl stays)"
            )
    (folder / STARTED).touch()
    return Server(url, folder, logins)


def _knows_us(http: httpx.Client, logins: Logins) -> bool:
    try:
        answer = http.get("/api/current-user/whoami", headers={"Authorization": f"Token {logins.token}"})
        return answer.status_code == 200 and answer.json().get("email") == ADMIN
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def _wait_until_up(folder: Path, http: httpx.Client) -> None:
    began = time.monotonic()
    expected = NEXT_START if (folder / STARTED).exists() else FIRST_START
    seconds = TextColumn("{task.completed:.0f} s of about {task.total:.0f}")
    columns = TextColumn("{task.description}"), BarColumn(), seconds
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("starting Label Studio", total=expected)
        while not _is_up(http):
            elapsed = time.monotonic() - began
            if not is_running(folder):
                raise NegjudgeError(f"Label Studio ended while starting; {folder / LOG} says why")
            if elapsed > PATIENCE:
                raise NegjudgeError(f"Label Studio has not answered for {PATIENCE} s; see {folder / LOG}")
            progress.update(bar, completed=elapsed, total=max(expected, elapsed))
            time.sleep(0.25)
        elapsed = time.monotonic() - began
        progress.update(bar, completed=elapsed, total=elapsed)


def _is_up(http: httpx.Client) -> bool:
    try:
        answer = http.get("/health")
        return answer.status_code == 200 and answer.json() == {"status": "UP"}
    except (httpx.HTTPError, ValueError):
        return False


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP (unless ignored: nohup) raise KeyboardInterrupt meanwhile."""
    before = {}
    if threading.current_thread() is threading.main_thread():  # no other thread may set handlers
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
