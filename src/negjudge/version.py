"""Which versions are here: our own, alone in its module so that nobody imports the library for it."""

from __future__ import annotations

import importlib.metadata

__version__ = "0.1.0"


def installed(package: str) -> str | None:
    """Return the version of an installed package, or ``None`` where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
