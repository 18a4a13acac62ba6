"""Functions that a recipe names by their dotted path, such as ``minilab.annotators:vote``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from negjudge.errors import NegjudgeError


def load_function(path: str, key: str) -> Callable[..., Any]:
    """Return the function at ``module:name``; NegjudgeError names the recipe's key when there is none."""
    module, _, name = path.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise NegjudgeError(
            f"key {key!r}: cannot load {path!r} ({error}); expected module:function"
        ) from None
    if not callable(function):
        raise NegjudgeError(f"key {key!r}: {path!r} is not a function; expected module:function")
    return function
