"""The manifest of pictures from elsewhere: a CSV file, its rows checked cell by cell, none passed over."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from negjudge.errors import NegjudgeError
from negjudge.guidance.methods import METHODS

COLUMNS = ("image", "pair", "method", "seed", "prompt", "negative", "model", "evaluations")
REQUIRED = COLUMNS[:3]
LARGEST = 2**63 - 1
_METHOD = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,39}")
_DIGITS = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True)
class Entry:
    """A row whose cells are right: which picture, of which pair, by which method, and how it was made.

    ``prompt`` and ``negative`` are None where the manifest leaves them to the pair.
    """

    line: int
    cells: tuple[str, ...]
    image: str
    pair: str
    method: str
    seed: int | None
    prompt: str | None
    negative: str | None
    model: str
    evaluations: int | None


@dataclass(frozen=True)
class Rejected:
    """A row that is not used: its line in the manifest, why, and the row itself."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """What a manifest says. Entries and rejected rows together are all of its rows."""

    path: Path
    columns: tuple[str, ...]
    entries: list[Entry]
    rejected: list[Rejected]
    named: frozenset[str]
    """Every picture that some row names, of rejected rows too."""


def read_manifest(path: Path, pairs: Collection[str], taken: Collection[str]) -> Manifest:
    """Read a manifest; ``taken`` are the methods that it may not use, since the run makes them itself.

    Raises NegjudgeError where the file is missing, is no CSV in UTF-8, or has a header that cannot be
    trusted: a column that is unknown, missing or there twice.
    """
    records = _records(_lines(path))
    line, header, _ = next(records, (0, None, ""))
    if header is None:
        raise NegjudgeError(f"{path} has no header; its first line names the columns: {', '.join(COLUMNS)}")
    columns = _checked_header(path, line, header)
    entries: list[Entry] = []
    rejected: list[Rejected] = []
    named = set()
    for line, cells, raw in records:
        if cells is None:
            rejected.append(Rejected(line, "its quotes do not match", (raw,)))
            continue
        named.add(dict(zip(columns, cells, strict=False)).get("image", ""))
        found = _entry(line, tuple(cells), columns, pairs, taken)
        (entries if isinstance(found, Entry) else rejected).append(found)  # type: ignore[arg-type]
    if not entries and not rejected:
        raise NegjudgeError(f"{path} has a header and no rows; give one row a picture")
    return Manifest(path, columns, entries, rejected, frozenset(named))


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise NegjudgeError(f"there is no manifest {path}") from None
    except IsADirectoryError:
        raise NegjudgeError(f"{path} is a folder; --manifest names a CSV file") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise NegjudgeError(f"{path}: line {line} is not UTF-8; save the file as CSV in UTF-8") from None
    return list(io.StringIO(text, newline=""))


def _records(lines: Sequence[str]) -> Iterator[tuple[int, list[str] | None, str]]:
    """Yield each record's first line, its stripped cells, and its text; no cells where the quotes are wrong.

    After such a line reading goes on with the next one, so that an open quote swallows nothing.
    """
    start = 0
    while start < len(lines):
        reader = csv.reader((lines[number] for number in range(start, len(lines))), strict=True)
        try:
            cells, length = next(reader), reader.line_num
        except csv.Error:
            yield start + 1, None, lines[start].rstrip("\r\n")
            length = 1
        else:
            if cells:
                text = "".join(lines[start : start + length])
                yield start + 1, [cell.strip() for cell in cells], text
        start += length


def _checked_header(path: Path, line: int, header: Sequence[str]) -> tuple[str, ...]:
    if len(header) == 1 and re.search(r"[;\t]", header[0]):
        raise NegjudgeError(f"{path}: line {line}: the columns are not separated by commas; save it so")
    for name in header:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name.lower(), COLUMNS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(COLUMNS)}"
            raise NegjudgeError(f"{path}: line {line}: unknown column {name!r}; {hint}")
        if header.count(name) > 1:
            raise NegjudgeError(f"{path}: line {line}: the column {name!r} is there twice")
    for name in REQUIRED:
        if name not in header:
            raise NegjudgeError(f"{path}: line {line}: the column {name!r} is missing")
    return tuple(header)


def _entry(
    line: int,
    cells: tuple[str, ...],
    columns: Sequence[str],
    pairs: Collection[str],
    taken: Collection[str],
) -> Entry | Rejected:
    if len(cells) != len(columns):
        return Rejected(line, f"it has {len(cells)} cells, the header has {len(columns)}", cells)
    cell = dict(zip(columns, cells, strict=True))
    faults = [
        "the image has no name" if not cell["image"] else None,
        _pair_fault(cell["pair"], pairs),
        _method_fault(cell["method"], taken),
        _number_fault("seed", cell.get("seed", ""), 0),
        _number_fault("evaluations", cell.get("evaluations", ""), 1),
    ]
    if any(faults):
        return Rejected(line, " and ".join(fault for fault in faults if fault), cells)
    return Entry(
        line=line,
        cells=cells,
        image=cell["image"],
        pair=cell["pair"],
        method=cell["method"],
        seed=_number(cell.get("seed", "")),
        prompt=cell.get("prompt") or None,
        negative=cell.get("negative"),
        model=cell.get("model", ""),
        evaluations=_number(cell.get("evaluations", "")),
    )


def _pair_fault(pair: str, pairs: Collection[str]) -> str | None:
    if not pair:
        return "the pair has no name"
    if pair in pairs:
        return None
    near = difflib.get_close_matches(pair, pairs, n=1)
    return f"there is no pair {pair!r}" + (f" (did you mean {near[0]!r}?)" if near else "")


def _method_fault(method: str, taken: Collection[str]) -> str | None:
    if not method:
        return "the method has no name"
    if not _METHOD.fullmatch(method):
        return f"the method {method!r} is not a name: 40 letters, digits, spaces and . _ + - at most"
    if method in taken:
        return f"the run makes pictures with {method!r} itself; give these another name"
    if method.lower() in METHODS and method not in METHODS:
        return f"the method {method!r} reads like {method.lower()!r}; write that, or another name"
    return None


def _number_fault(name: str, text: str, least: int) -> str | None:
    if not text or (_DIGITS.fullmatch(text) and least <= int(text) <= LARGEST):
        return None
    return f"the {name} {text!r} is not a whole number from {least} on"


def _number(text: str) -> int | None:
    return int(text) if text else None
