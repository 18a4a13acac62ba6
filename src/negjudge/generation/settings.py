"""The settings file of the methods: what `make tune` writes and `make generate` reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from negjudge.data.durable import write_atomically
from negjudge.errors import NegjudgeError
from negjudge.guidance import GuidanceMethod, method_from
from negjudge.guidance.methods import UNGUIDED
from negjudge.recipes import read_yaml

if TYPE_CHECKING:
    from negjudge.tuning.search import Trial


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
    best: Mapping[str, Trial],
    provenance: Mapping[str, Any],
    history: Path,
    fixed: Mapping[str, Mapping[str, Any]],
) -> Path:
    """Write each method's best setting, and under ``search`` how it was found, as a settings file.

    The search's history is stored beside it, as JSON lines, so that one is never kept without the other.
    Returns where.
    """
    figures = ("success", "kept", "removed", "collateral", "pictures", "evaluations", "number")
    found = {name: {key: round(getattr(trial, key), 4) for key in figures} for name, trial in best.items()}
    settings: dict[str, Any] = {name: {**trial.params, **fixed.get(name, {})} for name, trial in best.items()}
    settings["search"] = {**provenance, "best": found}
    text = yaml.safe_dump(settings, sort_keys=False, width=110, default_flow_style=None)
    write_atomically(path, f"# Written by `make tune`, read by `make generate`.\n{text}")
    kept = path.with_suffix(".jsonl")
    write_atomically(kept, history.read_bytes())
    return kept
