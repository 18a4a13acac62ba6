"""Does a negative prompt remove the thing, and only that? Guidance methods, a judge, and a benchmark."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negjudge.data.records import Label, Pair, Sample, Verdict, Vote
    from negjudge.judge.judge import Judge
from negjudge.version import __version__

__all__ = ["Judge", "Label", "Pair", "Sample", "Verdict", "Vote", "__version__"]

# Fetched at first use: torch takes seconds to import, and most of the library does without it.
_HOMES = {"Judge": "judge", **dict.fromkeys(("Label", "Pair", "Sample", "Verdict", "Vote"), "data.records")}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
