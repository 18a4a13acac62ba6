"""A recipe is filled from file and flags; whatever is wrong is one line with the place and the key."""

import json
from dataclasses import dataclass, field
from typing import Literal

import pytest

from negjudge import recipes
from negjudge.errors import NegjudgeError
from negjudge.recipes import load_function, load_recipe, read_yaml, require_least


@dataclass(frozen=True)
class Search:
    trials: int = 4
    rate: float = 0.1


@dataclass(frozen=True)
class Recipe:
    """What a stage needs."""

    run: str
    """The run folder."""
    seeds: tuple[int, ...] = (0, 1)
    """Pictures of each pair."""
    device: Literal["auto", "cpu"] = "cpu"
    model: str | None = None
    search: Search = Search()
    methods: dict[str, dict[str, float | bool | str]] = field(default_factory=dict)

    def __post_init__(self):
        if not self.seeds:
            raise ValueError("key 'seeds': at least one is needed")


@pytest.fixture
def recipe(tmp_path):
    def write(content, *flags):
        path = tmp_path / "mini.yaml"
        path.write_text(content)
        return load_recipe(Recipe, ["--config", str(path), *flags], "generate")

    return write


def test_defaults_file_and_flags_in_this_order(recipe):
    content = (
        "run: runs/x\nseeds: [3, 4, 5]\nsearch: {trials: 9}\nmethods: {vsf: {scale: 1e-1, leak: true}}\n"
    )
    assert recipe(content) == Recipe(
        "runs/x", (3, 4, 5), search=Search(9), methods={"vsf": {"scale": 0.1, "leak": True}}
    )
    assert recipe(content, "--run", "runs/y", "--search.rate=0.5", "--seeds", "[1]") == Recipe(
        "runs/y", (1,), search=Search(9, 0.5), methods={"vsf": {"scale": 0.1, "leak": True}}
    )


def test_flags_alone_do():
    assert load_recipe(Recipe, ["--run", "runs/x"]) == Recipe("runs/x")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("run: x\nseed: [1]", "unknown key 'seed'; did you mean 'seeds'?"),
        ("run: x\nzzz: 1", "unknown key 'zzz'; known are device, methods, model, run, "),
        ("run: x\nsearch: {trial: 1}", "unknown key 'search.trial'; did you mean 'search.trials'?"),
        ("run: x\nsearch: {trials: 1.5}", "key 'search.trials': expected int, got 1.5"),
        ("run: x\nseeds: [a]", "key 'seeds': expected int, got a"),
        ("run: x\nmodel: [1]", "key 'model': expected str or NoneType, got [1]"),
        ("run: x\ndevice: tpu", "key 'device': expected Literal['auto', 'cpu'], got tpu"),
        ("run: x\nseeds: []", "key 'seeds': at least one is needed"),
        ("seeds: [1]", "key 'run' is missing"),
        ("run: x\nrun: y", "key 'run' is given twice"),
        ("run: x\nsearch: {trials: 1, trials: 2}", "key 'trials' is given twice"),
        ("run: x\nconfig: other.yaml", "unknown key 'config'; a recipe does not include another"),
        ("run: [x", "not valid YAML: line 1: "),
        ("- run", "expected a mapping of keys to values"),
        ("1: x", "expected a mapping of keys to values"),
        ("", "expected a mapping of keys to values"),
    ],
)
def test_faults_of_the_file(recipe, tmp_path, content, message):
    with pytest.raises(NegjudgeError) as caught:
        recipe(content)
    assert str(caught.value).startswith(f"{tmp_path / 'mini.yaml'}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--sead", "1"], "command line: unknown key 'sead'; did you mean 'seeds'?"),
        (["--dev", "cpu"], "command line: unknown key 'dev'"),  # an abbreviation
        (["--search.trials", "many"], "command line: key 'search.trials': expected int, got many"),
        (["stray"], "command line: unrecognized arguments: stray"),
    ],
)
def test_faults_of_the_command_line(recipe, flags, message):
    with pytest.raises(NegjudgeError) as caught:
        recipe("run: x", *flags)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_nothing_given():
    with pytest.raises(NegjudgeError, match=r"^command line: key 'run' is missing"):
        load_recipe(Recipe, [])


def test_a_missing_recipe_names_the_others(recipe, tmp_path):
    recipe("run: x")
    with pytest.raises(NegjudgeError, match=r"papr\.yaml: no such file; .* has mini$"):
        load_recipe(Recipe, [f"--config={tmp_path / 'papr.yaml'}"])


def test_a_folder_and_bytes_are_no_recipes(tmp_path):
    with pytest.raises(NegjudgeError, match="cannot be read"):
        read_yaml(tmp_path)
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NegjudgeError, match="not a text file in UTF-8"):
        read_yaml(tmp_path / "x.yaml")


def test_help_shows_each_key_with_its_words(capsys):
    with pytest.raises(SystemExit) as ended:
        load_recipe(Recipe, ["--help"], "generate")
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "Pictures of each pair." in printed
    assert "--search.trials" in printed


def test_a_function_is_found_by_its_path():
    assert load_function("json:dumps", "voter") is json.dumps


@pytest.mark.parametrize(
    "path", ["json:nothing", "nothing.at.all:vote", "json", ":dumps", "", "json:__name__"]
)
def test_what_is_no_function_is_refused_with_the_key(path):
    with pytest.raises(NegjudgeError, match=r"key 'voter'.*expected module:function"):
        load_function(path, "voter")


@dataclass(frozen=True)
class Nested:
    """A recipe with every shape that recipes have."""

    run: str
    size: int = 1
    device: Literal["auto", "cpu"] = "cpu"
    model: str | None = None
    search: Search = Search()
    among: dict[str, Search] = field(default_factory=dict)
    named: dict[str, Recipe] = field(default_factory=dict)


# One for each message of jsonargparse that is reworded: what is given, and the line that a person reads.
REWORDED = [
    ({}, [], "FILE: key 'run' is missing"),
    ({"run": "x", "sizes": 1}, [], "FILE: unknown key 'sizes'; did you mean 'size'?"),
    ({"run": "x"}, ["--sizes", "1"], "command line: unknown key 'sizes'; did you mean 'size'?"),
    (
        {"run": "x", "search": {"trial": 1}},
        [],
        "FILE: unknown key 'search.trial'; did you mean 'search.trials'?",
    ),
    ({"run": "x", "search": {"trials": "many"}}, [], "FILE: key 'search.trials': expected int, got many"),
    ({"run": "x", "device": "tpu"}, [], "FILE: key 'device': expected Literal['auto', 'cpu'], got tpu"),
    ({"run": "x", "model": [1]}, [], "FILE: key 'model': expected str or NoneType, got [1]"),
    ({"run": "x", "among": ["a"]}, [], "FILE: key 'among': expected dict, got ['a']"),
    ({"run": "x", "among": {"a": {"trial": 1}}}, [], "FILE: key 'among.trial' is not known there"),
    ({"run": "x", "among": {"a": {"rate": "x"}}}, [], "FILE: key 'among.rate': expected float, got x"),
    ({"run": "x", "named": {"a": {"device": "cpu"}}}, [], "FILE: key 'named.run' is missing"),
]


def line_of(folder, content, flags):
    path = folder / "nested.yaml"
    path.write_text(json.dumps(content))
    with pytest.raises(NegjudgeError) as caught:
        load_recipe(Nested, ["--config", str(path), *flags])
    return str(caught.value).replace(str(path), "FILE")


@pytest.mark.parametrize(("content", "flags", "line"), REWORDED)
def test_what_jsonargparse_says_is_reworded(tmp_path, content, flags, line):
    assert line_of(tmp_path, content, flags) == line


@pytest.mark.parametrize("place", range(len(recipes._FAULTS)))
def test_every_rewording_is_pinned_above(tmp_path, monkeypatch, place):
    fewer = [row for number, row in enumerate(recipes._FAULTS) if number != place]
    monkeypatch.setattr(recipes, "_FAULTS", fewer)
    assert any(line_of(tmp_path, content, flags) != line for content, flags, line in REWORDED)


@dataclass(frozen=True)
class Counted:
    draws: int = 20
    seeds: int | None = None


def test_a_number_that_is_too_small_is_named():
    require_least(Counted(), draws=20, seeds=1)
    with pytest.raises(ValueError, match="key 'draws' is 19, expected 20 or more"):
        require_least(Counted(19), draws=20)
    with pytest.raises(ValueError, match=r"key 'judges\.big\.seeds' is 0, expected 1 or more"):
        require_least(Counted(seeds=0), "judges.big", seeds=1)
