"""Dataclasses from JSON, nested as they are: names and types are checked, a fault is told with its place."""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import json
import math
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from negjudge.errors import NegjudgeError

if typing.TYPE_CHECKING:
    from _typeshed import DataclassInstance

LONGEST = 200  # letters of a wrong value that an error line shows

Record = TypeVar("Record", bound="DataclassInstance")


def parsed(text: str | bytes) -> Any:
    """Return the content of JSON text; ValueError for what is none, NaN and infinities included."""
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def from_dict(values: object, kind: type[Record], where: str, nan: bool = False) -> Record:
    """Build a dataclass, and those within it, from JSON values, checking names and types.

    A list becomes a tuple where the field is one; a whole number may stand for a float and stays as it is.
    With ``nan``, null stands for nan where a field is a float and may not be ``None``. Raises NegjudgeError
    that begins with ``where`` and names the place: "FILE: methods[2].search: field 'trials' is 'many', …".
    """
    found: Record = _Reader(where, nan).build(values, kind, "")
    return found


class _Misfit(Exception):
    """A value is not of its type; whoever knows the field says so."""


@dataclass(frozen=True)
class _Reader:
    where: str
    nan: bool

    def build(self, values: object, kind: type[DataclassInstance], path: str) -> Any:
        place = f"{self.where}: {path}" if path else self.where
        if not isinstance(values, dict):
            raise NegjudgeError(f"{place}: expected {_name(kind)}, got {_shown(values)}")
        fields, hints = {f.name: f for f in dataclasses.fields(kind)}, _hints(kind)
        for name in values:
            if name not in fields:
                raise NegjudgeError(f"{place}: unknown field {name!r} in a {kind.__name__}")
        found: dict[str, Any] = {}
        for name, spec in fields.items():
            if name not in values:
                if spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
                    raise NegjudgeError(f"{place}: field {name!r} of the {kind.__name__} is missing")
                continue
            try:
                found[name] = self.read(values[name], hints[name], f"{path}.{name}" if path else name)
            except _Misfit:
                wrong = f"field {name!r} is {_shown(values[name])}, expected {_name(hints[name])}"
                raise NegjudgeError(f"{place}: {wrong}") from None
        return kind(**found)

    def read(self, value: Any, hint: Any, path: str) -> Any:
        """Return a value as its type has it; raises _Misfit where it is of another."""
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if hint is Any:
            return value
        if origin in (typing.Union, types.UnionType):
            return self._of_one(value, arguments, path)
        if origin in (tuple, list):
            _require(isinstance(value, list | tuple))
            return origin(self._items(value, origin, arguments, path))
        if origin in (dict, collections.abc.Mapping):
            _require(isinstance(value, dict))
            return {key: self.read(one, arguments[1], f"{path}.{key}") for key, one in value.items()}
        if dataclasses.is_dataclass(hint):
            _require(isinstance(value, dict))
            return self.build(value, typing.cast(type, hint), path)
        if value is None and hint is float and self.nan:
            return math.nan
        _require(_fits(value, hint))
        return value

    def _of_one(self, value: Any, hints: tuple[Any, ...], path: str) -> Any:
        if value is None and types.NoneType in hints:
            return None
        for hint in hints:
            try:
                return self.read(value, hint, path)
            except _Misfit:
                continue
        raise _Misfit

    def _items(self, values: list[Any], origin: type, hints: tuple[Any, ...], path: str) -> list[Any]:
        if origin is list or hints[-1] is Ellipsis:
            hints = (hints[0],) * len(values)
        _require(len(hints) == len(values))
        both = zip(values, hints, strict=True)
        return [self.read(one, hint, f"{path}[{number}]") for number, (one, hint) in enumerate(both)]


def _require(fits: bool) -> None:
    if not fits:
        raise _Misfit


@functools.cache
def _hints(kind: type[DataclassInstance]) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a value that holds no others is of its type; True is no number."""
    if typing.get_origin(hint) is Literal:
        return isinstance(value, str) and value in typing.get_args(hint)
    if hint is float:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (isinstance(value, float) and math.isfinite(value))
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _name(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, arguments))
    if origin in (typing.Union, types.UnionType):
        return " | ".join("None" if one is types.NoneType else _name(one) for one in arguments)
    if origin in (tuple, list):
        return f"a list of {_name(arguments[0])}"
    if origin is not None:
        return f"an object of {_name(arguments[1])}"
    if dataclasses.is_dataclass(hint):
        return f"the fields of a {getattr(hint, '__name__', hint)}"
    return getattr(hint, "__name__", str(hint))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
