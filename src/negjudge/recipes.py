"""Recipes: typed dataclasses filled from a YAML file and the command line, and refused in one line."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import importlib
import itertools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import jsonargparse
import yaml

from negjudge.errors import NegjudgeError

Recipe = TypeVar("Recipe")


def load_recipe(kind: type[Recipe], argv: Sequence[str] | None = None, prog: str | None = None) -> Recipe:
    """Return a ``kind`` (a dataclass of typed fields) from ``--config FILE`` and ``--key value`` flags.

    Flags win over the file, nested keys are written with dots. ``argv`` defaults to ``sys.argv[1:]``.
    Raises NegjudgeError naming file (or command line) and key for an unknown, missing or mistyped key and
    for a file that is missing, unreadable or not a YAML mapping; ``--help`` prints every key and exits.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    files = config_files(argv)
    for file in files:
        _check_file(file)
    parser = _parser(kind, prog)
    try:
        namespace = parser.parse_args(argv)
    except jsonargparse.ArgumentError as error:
        raise NegjudgeError(_explain(str(error), argv, files, sorted(_keys(kind)))) from None
    namespace.pop("config", None)
    try:
        return kind(**parser.instantiate(namespace).as_dict())
    except ValueError as error:  # a dataclass that checks its own fields
        where = " and ".join(files) or "command line"
        raise NegjudgeError(f"{where}: {' '.join(str(error).split())}") from None


def _parser(kind: type[Any], prog: str | None) -> jsonargparse.ArgumentParser:
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = jsonargparse.ArgumentParser(
        prog=prog, description=_first_line(kind), exit_on_error=False, allow_abbrev=False
    )
    parser.add_argument("--config", action="config", help="a recipe: YAML with the keys below")
    parser.add_class_arguments(kind, None, fail_untyped=True)
    return parser


def config_files(argv: Sequence[str]) -> list[str]:
    """Return the recipes that a command line names, in their order."""
    files = [flag.removeprefix("--config=") for flag in argv if flag.startswith("--config=")]
    return files + [after for flag, after in itertools.pairwise(argv) if flag == "--config"]


class _StrictLoader(yaml.SafeLoader):
    """Reads YAML as SafeLoader does, and refuses a mapping that has a key twice."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise NegjudgeError(f"key {key!r} is given twice")
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(file: str | Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; NegjudgeError, naming the file, where there is none."""
    try:
        content = yaml.load(Path(file).read_text(encoding="utf-8"), _StrictLoader)
    except FileNotFoundError:
        raise NegjudgeError(f"{file}: no such file{_neighbours(Path(file))}") from None
    except OSError as error:
        raise NegjudgeError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise NegjudgeError(f"{file}: not a text file in UTF-8") from None
    except yaml.YAMLError as error:
        raise NegjudgeError(f"{file}: not valid YAML: {_yaml_fault(error)}") from None
    except NegjudgeError as error:
        raise NegjudgeError(f"{file}: {error}") from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise NegjudgeError(f"{file}: expected a mapping of keys to values")
    return content


def _check_file(file: str) -> None:
    if "config" in read_yaml(file):
        raise NegjudgeError(f"{file}: unknown key 'config'; a recipe does not include another")


def _neighbours(file: Path) -> str:
    with contextlib.suppress(OSError):
        names = sorted(other.stem for other in file.parent.iterdir() if other.suffix == file.suffix)
        if names:
            return f"; {file.parent} has {', '.join(names)}"
    return ""


def _yaml_fault(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or "unreadable"
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def _keys(kind: type[Any]) -> Iterator[str]:
    """Yield the keys of a recipe, those of the recipes in it with dots."""
    types = get_type_hints(kind)
    for name in (field.name for field in dataclasses.fields(kind)):
        yield name
        if dataclasses.is_dataclass(types[name]):
            yield from (f"{name}.{key}" for key in _keys(types[name]))


def _explain(message: str, argv: Sequence[str], files: Sequence[str], keys: Sequence[str]) -> str:
    """Turn jsonargparse's message into one line that names the place and the key."""
    for pattern, template in _FAULTS:
        if match := re.search(pattern, message, re.DOTALL):
            found = match.groupdict("")
            key = ".".join(filter(None, (found.get("group"), found["key"])))
            line = template.format(key=key, rest=_plain_types(found.get("rest", "")))
            unknown = template.startswith("unknown")
            return f"{_place(key, argv, files)}: {line}{_suggestion(key, keys) if unknown else ''}"
    place = "command line" if message.startswith("unrecognized") else _place("", argv, files)
    return f"{place}: {' '.join(message.split())}"


_NESTED = r"Parser key \"(?P<group>[^\"]+)\":\s*Problem with given class_path '[^']*':\s*"
# What jsonargparse says, and what we say instead; tests/test_recipes.py makes it say each of these.
_FAULTS = (
    (rf"{_NESTED}Option '(?P<key>[^']+)' is not accepted", "key '{key}' is not known there"),
    (rf"{_NESTED}the following arguments are required: (?P<key>.*)", "key '{key}' is missing"),
    (rf"(?:{_NESTED})?Parser key \"(?P<key>[^\"]+)\":\s*(?P<rest>.*)", "key '{key}': {rest}"),
    (r"Group '(?P<group>[^']+)' does not accept option '(?P<key>[^']+)'", "unknown key '{key}'"),
    (r"Option '(?P<key>[^']+)' is not accepted", "unknown key '{key}'"),
    (r"the following arguments are required: (?P<key>.*)", "key '{key}' is missing"),
    (r"unrecognized arguments: --(?P<key>[^\s=]+)", "unknown key '{key}'"),
)


def _suggestion(key: str, keys: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, keys, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(keys)}"


def _place(key: str, argv: Sequence[str], files: Sequence[str]) -> str:
    flags = {flag.removeprefix("--").split("=")[0].rstrip("+") for flag in argv if flag.startswith("--")}
    on_command_line = any(flag == key or flag.startswith(f"{key}.") for flag in flags) if key else not files
    return "command line" if on_command_line or not files else " and ".join(files)


def _plain_types(text: str) -> str:
    text = re.sub(r"<class '([\w.]+)'>", r"\1", " ".join(text.split())).replace("typing.", "")
    text = re.sub(r"^Expected an? (.+?)\. Got value: ", r"expected \1, got ", text)
    union = re.match(r".*Subtypes: \[(.+?)\] Errors: .* Given value: (.*)", text)
    return f"expected {union[1].replace(', ', ' or ')}, got {union[2]}" if union else text


def _first_line(kind: type[Any]) -> str:
    return (kind.__doc__ or "").strip().split("\n")[0]


def require_least(recipe: object, under: str = "", /, **least: int) -> None:
    """Raise ValueError where a number of a recipe is less than it may be: ``require_least(self, draws=20)``.

    ``under`` is the key that holds the recipe, if it is part of another.
    """
    # jsonargparse's PositiveInt would hide the type from mypy, has no 20, and says "restriction v>0".
    for name, smallest in least.items():
        value = getattr(recipe, name)
        if value is not None and value < smallest:
            key = f"{under}.{name}" if under else name
            raise ValueError(f"key {key!r} is {value}, expected {smallest} or more")


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
