"""Files that outlive a killed run and a full disk, whole JSON lines and whole files; and their digests."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path


def read_lines(path: str | os.PathLike[str]) -> list[bytes]:
    """Return the lines of a JSONL file without a torn last one; a missing file has none.

    What follows the last newline was being written when the run was killed, unless it is a whole object: then
    it is the end of a file made by hand.
    """
    try:
        *lines, last = Path(path).read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [*lines, last] if _is_whole(last) else lines


def append_lines(path: str | os.PathLike[str], lines: bytes) -> None:
    """Append JSON lines and force them to the disk, first cutting off a line torn by a killed run.

    When the disk is full the file is left as it was, and the OSError names it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _naming(path), open(path, "ab+", buffering=0) as file:
        end = _mend_end(file)
        try:
            _write_all(file, lines)
        except OSError:
            file.truncate(end)
            raise


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def _write_all(file: typing.BinaryIO, content: bytes) -> None:
    """Write to an unbuffered file, which may take a part at a time, and force it to the disk."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
    os.fsync(file.fileno())


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Replace a file's content; a killed run or a full disk leaves the old file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with _naming(path), open(temporary, "wb", buffering=0) as file:
            _write_all(file, content.encode() if isinstance(content, str) else content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_changed(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write a file as ``write_atomically`` does, unless it holds this content: its time stays then."""
    path, content = Path(path), content.encode() if isinstance(content, str) else content
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content)


def files_sha256(paths: Iterable[Path], head: bytes = b"", named: bool = False) -> str:
    """Return the SHA-256 over files, one after the other, as 64 hex digits.

    ``head`` goes before them all; where they are ``named``, each one's name goes before its content.
    Weights are many gigabytes: a process reads them again only where a size or a time has changed.
    """
    stats = [(path.absolute(), path.stat()) for path in paths]
    return _sha256(tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats), head, named)


@functools.cache
def _sha256(files: tuple[tuple[Path, int, int], ...], head: bytes, named: bool) -> str:
    digest = hashlib.sha256(head)
    for path, _, _ in files:
        if named:
            digest.update(path.name.encode())
        with open(path, "rb") as file:
            while chunk := file.read(1 << 24):
                digest.update(chunk)
    return digest.hexdigest()


def _is_whole(line: bytes) -> bool:
    """Tell a whole JSON object from a torn one: no prefix of an object is an object."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _mend_end(file: typing.BinaryIO) -> int:
    """Cut off a torn last line, or end a whole one with its newline; return the file's size then."""
    start, last = _last_line(file)
    if last and not _is_whole(last):
        file.truncate(start)
    elif last:
        _write_all(file, b"\n")
    return file.seek(0, os.SEEK_END)


def _last_line(file: typing.BinaryIO) -> tuple[int, bytes]:
    """Return what follows the last newline, and where it starts."""
    position, tail = file.seek(0, os.SEEK_END), b""
    while position > 0:
        step = min(4096, position)
        position -= step
        file.seek(position)
        tail = file.read(step) + tail
        if (newline := tail.rfind(b"\n")) >= 0:
            return position + newline + 1, tail[newline + 1 :]
    return 0, tail
