"""The run folder: where its files are, whether its pictures are the recorded ones, who may write it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from negjudge.data.records import Sample
from negjudge.errors import NegjudgeError

SAMPLES, ORACLE = "samples.jsonl", "oracle.jsonl"
VOTES, LABELS, QUARANTINE = "votes.jsonl", "labels.jsonl", "quarantine.jsonl"
VERDICTS, METRICS, CARD = "verdicts.jsonl", "metrics.json", "card.md"
CONTROL = "control"  # pictures whose negative prompt names the wrong element: a run folder in the run folder
HISTORY = "tuning.jsonl"  # of all settings tried
FROZEN, TUNE, FRONTIER, COST = "frozen.json", "tune", "frontier", "cost.json"  # of a contest
EXTERNAL = "external"  # pictures of other generators, brought in by a manifest: a run folder too
IMAGES, SHEETS, JUDGE, REPORT, SERVER = "images", "sheets", "judge", "report", "labelstudio"

_ROOT_FILES = ("pyproject.toml", "generate", "labeling", "train", "eval")


def run_folder(name: str | os.PathLike[str]) -> Path:
    """Return the run folder, made where it is missing; a bare name stands for ``runs/NAME``.

    Raises NegjudgeError outside the repository root (recipes name files relative to it), and where the
    folder cannot be made.
    """
    require_root()
    path = Path(name)
    if not path.is_absolute() and len(path.parts) == 1:
        path = Path("runs") / path
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise NegjudgeError(f"{path} is not a folder; name another run folder or move that file") from None
    except OSError as error:
        raise NegjudgeError(f"cannot make the run folder {path}: {error.strerror}") from None
    return path


def require_root() -> None:
    """Raise NegjudgeError unless the current folder is the repository root."""
    if not all(Path(name).exists() for name in _ROOT_FILES):
        raise NegjudgeError(f"{Path.cwd()} is not the root of the negjudge repository; run this from there")


def require_free_space(folder: str | os.PathLike[str], megabytes: float) -> None:
    """Raise NegjudgeError when the disk that holds ``folder`` has less than this much room."""
    free = shutil.disk_usage(folder).free / 1e6
    if free < megabytes:
        raise NegjudgeError(f"{folder}: {free:.0f} MB free on its disk, {megabytes:.0f} MB needed; free some")


class PictureFault(NegjudgeError):
    """A recorded picture is missing or another: ``what`` is wrong, and the ``remedy``."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what, self.remedy = what, remedy


def read_picture(run: Path, sample: Sample) -> bytes:
    """Return the file of a sample's picture; PictureFault where it is missing or not the recorded one."""
    path = run / sample.image
    again = 'make it anew with `make generate ARGS="--repair true"`'
    if sample.is_external:
        again = "bring it in again with --images and --manifest"
    remedy = f"put it back, or {again}"
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        place = run / EXTERNAL if sample.image.startswith(f"{EXTERNAL}/") else run
        raise PictureFault(f"{path} is missing, though {place / SAMPLES} records it", remedy) from None
    if hashlib.sha256(content).hexdigest() != sample.sha256:
        raise PictureFault(f"{path} is not the picture that was recorded (its SHA-256 differs)", remedy)
    return content


def picture_fault(run: Path, sample: Sample) -> PictureFault | None:
    """Return what ``read_picture`` would raise."""
    try:
        read_picture(run, sample)
    except PictureFault as fault:
        return fault
    return None


@contextlib.contextmanager
def locked(run: str | os.PathLike[str], stage: str) -> Iterator[None]:
    """Hold the run folder for one stage, so that two processes do not write the same files.

    Different stages may hold the same folder at once. The lock is the kernel's, so it ends with the
    process, ``kill -9`` included. Raises NegjudgeError, naming the other process, when it is held.
    """
    path = Path(run) / f".{stage}.lock"
    with open(path, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            file.seek(0)
            raise NegjudgeError(
                f"{run} is being written by another {stage} (process {file.read().strip() or 'unknown'}); "
                "wait for it or end it"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
