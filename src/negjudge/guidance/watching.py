"""Whose call is it? Pipelines that are held, calls that are watched, and calls of somebody else."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from negjudge.errors import NegjudgeError
from negjudge.guidance.families.library import is_pipeline

Around = Callable[[Mapping[str, Any]], AbstractContextManager[None]]

_claims: weakref.WeakSet[Any] = weakref.WeakSet()
_claims_lock = threading.Lock()


@contextmanager
def claimed(*things: Any) -> Iterator[None]:
    """Hold a pipeline and its denoisers; a second guide on any of them is refused."""
    with _claims_lock:
        if any(thing in _claims for thing in things):
            raise NegjudgeError("this pipeline is guided already; leave the other guide block first")
        _claims.update(things)
    try:
        yield
    finally:
        with _claims_lock:
            _claims.difference_update(things)


@contextmanager
def watched(pipe: Any, around: Around) -> Iterator[None]:
    """Run every call of ``pipe`` inside ``around(arguments)``, arguments by name with their defaults.

    Python looks ``__call__`` up on the class, so for as long as the block lasts the pipeline is an instance
    of a subclass with the same name; other pipelines of its class are not touched.
    """
    kind = type(pipe)

    @functools.wraps(kind.__call__)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        with around(_by_name(kind, self, args, kwargs)):
            return kind.__call__(self, *args, **kwargs)

    members = {"__call__": call, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    object.__setattr__(pipe, "__class__", type(kind.__name__, (kind,), members))
    try:
        yield
    finally:
        object.__setattr__(pipe, "__class__", kind)


def _by_name(kind: type[Any], pipe: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a pipeline's call by name, with their defaults.

    A subclass may pass ``**kwargs`` on: what is in them counts, and the defaults are those of its base.
    """
    signature = inspect.signature(kind.__call__)
    bound = signature.bind_partial(pipe, *args, **kwargs)
    bound.apply_defaults()
    found = dict(bound.arguments)
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            found |= found.pop(parameter.name)
            for base in kind.__mro__[1:]:
                if "__call__" in vars(base):
                    found = _by_name(base, pipe, (), {}) | found
                    break
    return found


def belongs_to_another(pipe: Any) -> bool:
    """Tell whether the pipeline that calls the denoiser just now is another, which shares it and is plain.

    A denoiser that nobody's call runs, as in a training loop, is guided.
    """
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "__call__":
            caller = frame.f_locals.get("self")
            if is_pipeline(caller):
                return caller is not pipe
        frame = frame.f_back  # type: ignore[assignment]
    return False
