"""Reads a submission of a stranger: what is not of the format is told with its place."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from negjudge.data.records import from_dict
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.scored import MEASURES
from negjudge.statistics.clusters import Interval
from negjudge.submission.format import (
    CLAIMS,
    FORMAT,
    OUTCOMES,
    OUTCOMES_CSV,
    Benchmark,
    Entrant,
    Figures,
    Gap,
    OutcomeLine,
    Search,
    Submission,
    Witness,
)

T = TypeVar("T")


def read_claims(folder: Path) -> Submission:
    """Read submission.json; NegjudgeError names the first thing in it that is not as it should be."""
    path = folder / CLAIMS
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError:
        raise NegjudgeError(f"{path} is missing; `negjudge submission make` writes it") from None
    except (ValueError, RecursionError):
        raise NegjudgeError(f"{path} is not valid JSON in UTF-8") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise NegjudgeError(f"{path} is not of format {FORMAT}, which is all that this version reads")
    where = str(path)
    parts: dict[str, Any] = {
        "benchmark": _part(content, "benchmark", where, Benchmark),
        "methods": _parts(content, "methods", where, _entrant),
        "witnesses": _parts(content, "witnesses", where, lambda one, at: from_dict(one, Witness, at)),
        "figures": _parts(content, "figures", where, _claimed_figures),
        "differences": _parts(content, "differences", where, lambda one, at: from_dict(one, Gap, at)),
    }
    return from_dict({**content, **parts}, Submission, where)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _part(values: Mapping[str, Any], name: str, where: str, kind: type[Any]) -> Any:
    if not isinstance(values.get(name), dict):
        raise NegjudgeError(f"{where}: {name!r} is missing or not an object")
    return from_dict(values[name], kind, f"{where}: {name}")


def _parts(
    values: Mapping[str, Any], name: str, where: str, parse: Callable[[dict[str, Any], str], T]
) -> tuple[T, ...]:
    found = values.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise NegjudgeError(f"{where}: {name!r} is missing or not a list of objects")
    return tuple(parse(one, f"{where}: {name}[{number}]") for number, one in enumerate(found))


def _entrant(values: dict[str, Any], where: str) -> Entrant:
    if values.get("search") is not None:
        values = {**values, "search": _part(values, "search", where, Search)}
    return from_dict(values, Entrant, where)


def _claimed_figures(values: dict[str, Any], where: str) -> Figures:
    rates = {
        name: _part(values, name, where, Interval)
        for name in MEASURES
        if name in values and not (name == "collateral" and values[name] is None)
    }
    return from_dict({**values, **rates}, Figures, where)


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
                values = json.loads(line, parse_constant=_refuse)
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
        yield f"{path}:{reader.line_num}", f"not valid CSV ({error})"


def _value(name: str, cell: str) -> Any:
    """Return a cell as JSON has it: true, false, a number, or null where it is empty."""
    if name in ("source", "pair", "method", "sha256"):
        return cell
    try:
        return json.loads(cell.lower(), parse_constant=_refuse) if cell else None
    except (ValueError, RecursionError):
        return cell
