"""The rules of whole sets fire: near duplicates, what dev and test share, an uneven spread."""

import pytest
from benchmarked import LADDER, named, rows, write

from negjudge.benchmark.files import check
from negjudge.benchmark.rules import CATEGORIES


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (LADDER, "mine.jsonl:1; give each pair its own"),
        (named("stepladder", "rungs"), "'rungs' of nearly the same object as ladder-rungs"),
        (named("rope ladder", "rung", prompt="a swinging rope ladder"), "of nearly the same object"),
        (named("plank", "bolts"), "the prompt is nearly that of ladder-rungs"),
        (named("plank", "bolts", prompt="a plank on a wet roof"), "why is nearly that of ladder-rungs"),
    ],
)
def test_near_duplicates_are_found(tmp_path, second, said):
    found = check(write(tmp_path / "mine.jsonl", [LADDER, second])).violations
    assert any(line.startswith(f"{tmp_path / 'mine.jsonl'}:2: ") and said in line for line in found), found


def test_the_fourth_pair_of_an_object_or_element_is_found(tmp_path):
    pairs = [named("ladder", element) for element in ("rungs", "bolts", "hinges", "feet")]
    pairs += [named(name, "rung") for name in ("chair", "trellis", "rack")]
    found = check(write(tmp_path / "mine.jsonl", pairs)).violations
    assert [line.split(":")[1] for line in found if "in more than 3 pairs" in line] == ["4", "7"]


@pytest.mark.parametrize(
    ("nouns", "said"),
    [
        (("step ladders", "hinges"), "the object 'step ladders' is in test too (ladder-rungs)"),
        (("plank", "wooden rung"), "the element 'wooden rung' is in test too (ladder-rungs)"),
    ],
)
def test_what_dev_and_test_share_is_found_by_the_last_word(tmp_path, nouns, said):
    write(tmp_path / "test.jsonl", [LADDER])
    write(tmp_path / "dev.jsonl", [named(*nouns)])
    assert any(said in line and "dev.jsonl:1" in line for line in check(tmp_path).violations)


def test_an_uneven_spread_is_found(tmp_path):
    write(tmp_path / "test.jsonl", rows("test"))
    dev = rows("dev")
    write(tmp_path / "dev.jsonl", [{**row, "category": "tools", "relation": "part"} for row in dev])
    found = [line.split(": ", 2)[2] for line in check(tmp_path).violations]
    assert "dev has 60 pairs of tools; make it 4 to 6" in found
    assert "dev has 0 pairs of food; make it 4 to 6" in found
    assert "dev has 0 pairs of relation setting; make it 7 or more" in found
    assert "dev has 60 pairs of relation part; half of 60 is the most" in found


@pytest.mark.parametrize("part", ["dev", "test"])
def test_a_contributed_line_of_any_category_has_room(tmp_path, part):
    for category in CATEGORIES:
        for name in ("dev", "test"):
            more = [{**LADDER, "category": category}] if name == part else []
            write(tmp_path / f"{name}.jsonl", rows(name) + more)
        assert check(tmp_path).violations == ()
