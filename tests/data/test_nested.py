"""Nested dataclasses from JSON: built as deep as they are, and a fault is told with its place."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from negjudge.data.nested import from_dict, parsed
from negjudge.errors import NegjudgeError


@dataclass(frozen=True)
class Leaf:
    rate: float
    low: float | None = None


@dataclass(frozen=True)
class Branch:
    name: str
    leaf: Leaf | None
    leaves: tuple[Leaf, ...] = ()
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Tree:
    branches: Mapping[str, tuple[Branch, ...]]
    sizes: list[int]
    twos: tuple[tuple[str, str], ...] = ()
    free: Mapping[str, Any] = dataclasses.field(default_factory=dict)


TREE = Tree(
    branches={"left": (Branch("x", Leaf(0.5)), Branch("y", None, (Leaf(1.0, 0.25), Leaf(0.0)), "b"))},
    sizes=[1, 2],
    twos=(("a", "b"),),
    free={"anything": [1, {"at": None}]},
)


def content(tree: Tree = TREE) -> dict[str, Any]:
    return json.loads(json.dumps(dataclasses.asdict(tree)))


def test_what_is_written_is_read_as_deep_as_it_is() -> None:
    assert from_dict(content(), Tree, "here") == TREE


def test_a_whole_number_stands_for_a_float_and_stays_whole() -> None:
    leaf = from_dict({"rate": 1}, Leaf, "here")
    assert (leaf.rate, type(leaf.rate)) == (1, int)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("sizes",), ["x"], "here: field 'sizes' is ['x'], expected a list of int"),
        (("sizes", 1), True, "here: field 'sizes' is [1, True], expected a list of int"),
        (("branches",), [], "here: field 'branches' is [], expected an object of a list of the fields of"),
        (("branches", "left", 1, "name"), 7, "here: branches.left[1]: field 'name' is 7, expected str"),
        (("branches", "left", 1, "kind"), "c", "left[1]: field 'kind' is 'c', expected one of 'a', 'b'"),
        (("branches", "left", 0, "leaf"), "x", "field 'leaf' is 'x', expected the fields of a Leaf | None"),
        (("branches", "left", 0, "leaf", "colour"), 1, "left[0].leaf: unknown field 'colour' in a Leaf"),
        (("branches", "left", 1, "leaves", 0, "rate"), "1", "left[1].leaves[0]: field 'rate' is '1'"),
        (("branches", "left", 1, "leaves", 0, "rate"), None, "field 'rate' is None, expected float"),
        (("branches", "left", 1, "leaves", 0, "rate"), math.nan, "field 'rate' is nan, expected float"),
        (("branches", "left", 1, "leaves", 0, "rate"), math.inf, "field 'rate' is inf, expected float"),
        (("branches", "left", 0), {"name": "x"}, "branches.left[0]: field 'leaf' of the Branch is missing"),
        (("twos", 0), ["a"], "here: field 'twos' is [['a']], expected a list of"),
    ],
)  # fmt: skip
def test_a_fault_is_one_line_with_its_place(place: tuple[Any, ...], value: Any, said: str) -> None:
    values = content()
    spot: Any = values
    for key in place[:-1]:
        spot = spot[key]
    spot[place[-1]] = value
    with pytest.raises(NegjudgeError) as caught:
        from_dict(values, Tree, "here")
    assert str(caught.value).startswith("here: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_object_is_told_and_a_long_value_is_cut() -> None:
    with pytest.raises(NegjudgeError, match=r"^here: expected the fields of a Tree, got \[1\]$"):
        from_dict([1], Tree, "here")
    with pytest.raises(NegjudgeError) as caught:
        from_dict({"branches": {}, "sizes": "x" * 9999}, Tree, "here")
    assert len(str(caught.value)) < 300


def test_null_is_nan_only_where_it_is_asked_for_and_nothing_else_fits() -> None:
    values = {"rate": None, "low": None}
    found = from_dict(values, Leaf, "here", nan=True)
    assert math.isnan(found.rate)
    assert found.low is None
    with pytest.raises(NegjudgeError, match="field 'rate' is None"):
        from_dict(values, Leaf, "here")


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[-Infinity]", "{oops"])
def test_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parsed(text)
    assert parsed(b'{"a": [1, null]}') == {"a": [1, None]}
