"""The settings file of the methods: what `make tune` writes and `make generate` reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from negjudge.data.durable import write_atomically
from negjudge.errors import NegjudgeError
from negjudge.guidance import GuidanceMethod, method_from
from negjudge.guidance.methods import UNGUIDED
from negjudge.recipes import read_yaml


def read_settings(path: str | Path, methods: Iterable[str]) -> dict[str, GuidanceMethod]:
    """Return each named method at its setting in the settings file; "none" needs no entry."""
    settings = read_yaml(path)
    found = {}
    for name in methods:
        params = {} if name == UNGUIDED else settings.get(name)
        if not isinstance(params, dict):
            raise NegjudgeError(f"{path} has no settings for {name!r}; run `make tune`, or add them")
        found[name] = method_from(name, params)
    return found


def write_settings(
    path: Path,
    settings: Mapping[str, Mapping[str, Any]],
    search: Mapping[str, Any],
    history: Path,
) -> Path:
    """Write each method's setting, and under ``search`` how they were found, as a settings file.

    The search's history is stored beside it, as JSON lines, so that one is never kept without the other.
    Returns where.
    """
    whole = {**{name: dict(setting) for name, setting in settings.items()}, "search": dict(search)}
    text = yaml.safe_dump(whole, sort_keys=False, width=110, default_flow_style=None)
    write_atomically(path, f"# Written by `make tune`, read by `make generate`.\n{text}")
    kept = path.with_suffix(".jsonl")
    write_atomically(kept, history.read_bytes())
    return kept
