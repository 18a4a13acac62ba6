"""Reads a submission of a stranger: what is not of the format is told with its place."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from negjudge.data.nested import from_dict, parsed
from negjudge.errors import NegjudgeError
from negjudge.submission.format import CLAIMS, FORMAT, OUTCOMES, OUTCOMES_CSV, OutcomeLine, Submission


def read_claims(folder: Path) -> Submission:
    """Read submission.json; NegjudgeError names the first thing in it that is not as it should be."""
    path = folder / CLAIMS
    try:
        content = parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NegjudgeError(f"{path} is missing; `negjudge submission make` writes it") from None
    except (ValueError, RecursionError):
        raise NegjudgeError(f"{path} is not valid JSON in UTF-8") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise NegjudgeError(f"{path} is not of format {FORMAT}, which is all that this version reads")
    return from_dict(content, Submission, str(path))


def read_outcomes(folder: Path) -> tuple[list[OutcomeLine], list[str]]:
    """Return the outcomes, and what is wrong with lines that are none, each with file and line."""
    paths = [folder / name for name in (OUTCOMES, OUTCOMES_CSV) if (folder / name).is_file()]
    if len(paths) != 1:
        found = "has both" if paths else "has neither"
        raise NegjudgeError(f"{folder} {found} {OUTCOMES} and {OUTCOMES_CSV}; it needs one of them")
    (path,) = paths
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NegjudgeError(f"{path} is not in UTF-8") from None
    rows = _csv_rows(path, text) if path.name == OUTCOMES_CSV else _json_rows(path, text)
    outcomes: list[OutcomeLine] = []
    faults: list[str] = []
    for where, values in rows:
        try:
            if isinstance(values, str):
                raise NegjudgeError(f"{where}: {values}")
            outcomes.append(from_dict(values, OutcomeLine, where))
        except NegjudgeError as error:
            faults.append(str(error))
    return outcomes, faults


Rows = Iterable[tuple[str, dict[str, Any] | str]]


def _json_rows(path: Path, text: str) -> Rows:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                values = parsed(line)
            except (ValueError, RecursionError):
                values = "not valid JSON"
            yield f"{path}:{number}", values if isinstance(values, dict | str) else "not a JSON object"


def _csv_rows(path: Path, text: str) -> Rows:
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        for cells in reader:
            where = f"{path}:{reader.line_num}"
            if None in cells or None in cells.values():
                yield where, "it has more or fewer cells than the header"
            else:
                yield where, {name: _value(name, cell) for name, cell in cells.items()}
    except csv.Error as error:
        yield f"{path}:{reader.reader.line_num}", f"not valid CSV ({error})"


def _value(name: str, cell: str) -> Any:
    """Return a cell as JSON has it: true, false, a number, or null where it is empty."""
    if name in ("source", "pair", "method", "sha256"):
        return cell
    try:
        return parsed(cell.lower()) if cell else None
    except (ValueError, RecursionError):
        return cell
