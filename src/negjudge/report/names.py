"""What the page, its tables and its figures call who looks at the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from negjudge.evaluation.summary import SOURCE_NAMES


def source_names(metrics: Mapping[str, Any]) -> Mapping[str, str]:
    """Return each source's name, a further judge's too; labels that no person gave are called simulated."""
    if metrics["provenance"]["sources"] != ["simulated"]:
        return SOURCE_NAMES
    return type(SOURCE_NAMES)({**SOURCE_NAMES, "labels": "the simulated annotators' labels"})
