"""The benchmark keeps its specification, every rule of it fires, and imports lose nothing in silence."""

import json
from pathlib import Path

import pytest

from negjudge.benchmark.files import benchmark_splits, check, sample, table
from negjudge.benchmark.original import import_pairs
from negjudge.benchmark.rules import CATEGORIES, noun_phrase
from negjudge.cli.main import main
from negjudge.data.nested import from_dict
from negjudge.data.pairs import read_pairs, select_pairs
from negjudge.data.questions import with_article
from negjudge.data.records import Pair, read_records
from negjudge.data.splits import read_splits, splits_json, violations
from negjudge.errors import NegjudgeError

FOLDER = Path(__file__).resolve().parents[1] / "data/neggenbench"
DEV, TEST = (read_records(FOLDER / f"{part}.jsonl", Pair) for part in ("dev", "test"))


def rows(part):
    return [json.loads(line) for line in (FOLDER / f"{part}.jsonl").read_text().splitlines()]


def write(path, values):
    path.write_text("".join(json.dumps(row) + "\n" for row in values))
    return path


# A pair in good order that the benchmark does not hold: without rungs nobody would see a ladder.
LADDER = {
    "id": "ladder-rungs",
    "prompt": "a wooden ladder against a brick wall",
    "negative": "rungs",
    "object": "ladder",
    "element": "rungs",
    "essential": True,
    "category": "tools",
    "relation": "part",
    "why": "Two rails without steps between them are hardly a picture anyone has taken of a ladder.",
    "object_question": "Does this picture show a ladder?",
    "element_question": "Does this picture show rungs?",
    "absence_question": "Does this picture lack rungs?",
    "keep": ["brick wall", "side rails"],
    "keep_questions": ["Does this picture show a brick wall?", "Does this picture show side rails?"],
}


def test_the_committed_benchmark_has_no_violations(capsys):
    assert main(["benchmark", "check", str(FOLDER)]) == 0
    assert capsys.readouterr().out.endswith("\n200 + 60 pairs, no violations\n")


def test_the_card_tells_the_pairs_by_category_and_relation():
    card = (FOLDER / "README.md").read_text()
    for line in table([*DEV, *TEST]).splitlines()[1:]:
        assert f"| {' | '.join(line.split())} |\n" in card


def test_the_judge_asks_of_the_same_nouns():
    for pair in (*DEV, *TEST):
        about_element = (pair.element_question, pair.absence_question)
        for question in (pair.object_question, *about_element, *pair.keep_questions):
            phrase = noun_phrase(question)
            assert phrase
            assert with_article(phrase) == phrase


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "ladder-steps"}, "call it ladder-rungs"),
        ({"id": "Ladder-rungs"}, "call it ladder-rungs"),
        ({"essential": False}, "essential is false"),
        ({"category": "gardens"}, "category is 'gardens'; use one of animals"),
        ({"relation": "piece"}, "relation is 'piece'; use one of part"),
        ({"prompt": "a tall wooden structure"}, "does not name the object 'ladder'"),
        ({"prompt": "a ladder with thirteen rungs"}, "mentions 'rungs'"),
        ({"prompt": "a ladder whose top rung is wet"}, "mentions 'rungs'"),
        ({"prompt": "a ladder without paint"}, "negates with 'without'"),
        ({"prompt": "a paintless ladder"}, "negates with 'paintless'"),
        ({"prompt": "a photo of a ladder"}, "asks for a medium"),
        ({"prompt": "wooden ladder"}, "no article before 'ladder'; write 'a ladder'"),
        ({"prompt": "a old ladder"}, "says 'a old'; write 'an'"),
        ({"prompt": "an unique ladder"}, "says 'an unique'; write 'a'"),
        ({"prompt": "wooden ladders"}, "in another number"),
        ({"prompt": "a ladder by a wall."}, "ends with punctuation"),
        ({"prompt": "a ladder by  a wall"}, "prompt has spaces"),
        ({"prompt": "a ladder "}, "prompt has spaces"),
        ({"prompt": "a ‘ladder’"}, "has the quote ‘"),
        ({"object": "a ladder"}, "object is 'a ladder'; leave out 'a'"),
        ({"negative": "the rungs"}, "negative is 'the rungs'; leave out 'the'"),
        ({"negative": "no rungs"}, "which negates"),
        ({"negative": "steps"}, "does not name the element; use 'rungs'"),
        ({"element": "ladders"}, "the element is the object itself"),
        ({"why": "It is hard."}, "why has 3 words; write one sentence of 8 to 30"),
        ({"why": " ".join(["word"] * 31) + "."}, "why has 31 words"),
        ({"why": "This is one of the sentences. This is another one."}, "why is not one sentence"),
        ({"why": ""}, "why is empty"),
        ({"object_question": "Is there a ladder?"}, "write 'Does this picture show a ladder?'"),
        ({"object_question": "Does this picture show ladder?"}, "put 'a' before it"),
        ({"object_question": "Does this picture show an ladder?"}, "write 'a'"),
        ({"object_question": "Does this picture show the ladder?"}, "leave out 'the'"),
        ({"object_question": "Does this picture show a chair?"}, "does not hold 'ladder'"),
        ({"element_question": "Does this picture lack rungs?"}, "write 'Does this picture show rungs?'"),
        ({"element_question": "Does this picture show a rungs?"}, "it is plural; leave out 'a'"),
        ({"element_question": "Does this picture show ladder rungs?"}, "ask of the same"),
        ({"absence_question": "Does this picture show no rungs?"}, "write 'Does this picture lack rungs?'"),
        ({"keep": [], "keep_questions": []}, "keep has 0 parts"),
        ({"keep": ["wall", "rail", "bolt", "rope"]}, "keep has 4 parts"),
        ({"keep_questions": LADDER["keep_questions"][:1]}, "2 parts to keep and 1 questions"),
        ({"keep_questions": LADDER["keep_questions"][::-1]}, "does not hold 'wall'"),
        ({"keep": ["wall", "walls"]}, "names a part twice"),
        ({"keep": ["ladder", "wall"]}, "keep names the object"),
        ({"keep": ["lower rungs", "wall"]}, "keep names the element"),
        ({"keep": "wall"}, "field 'keep' is 'wall'"),
        ({"others": []}, "unknown field others"),
    ],
)
def test_every_rule_of_a_pair_fires(tmp_path, changes, said):
    file = write(tmp_path / "mine.jsonl", [{**LADDER, **changes}])
    found = check(file).violations
    assert any(said in line for line in found), found
    assert all(line.startswith(f"{file}:1: {changes.get('id', 'ladder-rungs')}: ") for line in found)


def test_a_good_pair_passes_in_any_order_of_its_fields(tmp_path):
    assert check(write(tmp_path / "mine.jsonl", [dict(sorted(LADDER.items()))])).violations == ()


def test_uncountable_elements_take_no_article(tmp_path):
    pair = next(row for row in rows("dev") if row["id"] == "umbrella-rain")
    wrong = {**pair, "element_question": "Does this picture show a rain?"}
    found = check(write(tmp_path / "mine.jsonl", [wrong])).violations
    assert any("it cannot be counted; leave out 'a'" in line for line in found)


def test_lines_that_are_no_pairs_are_named(tmp_path):
    file = tmp_path / "mine.jsonl"
    lacking = {name: value for name, value in LADDER.items() if name != "why"}
    file.write_text(f'{json.dumps(LADDER)}\n{{"id"\n\n[1]\n{json.dumps(lacking)}\n')
    found = check(file).violations
    assert [line.split(": ")[0] for line in found] == [f"{file}:{n}" for n in (2, 3, 4, 5)]
    assert found[0].endswith("not valid JSON; write one object a line, and no empty lines")
    assert found[3].endswith("ladder-rungs: no why; give every field of the specification")


def named(object_, element, **changes):
    """A pair like the ladder's of other nouns."""
    texts = {name: LADDER[name].replace("ladder", object_).replace("rungs", element) for name in LADDER_TEXTS}
    return {**LADDER, **texts, **changes}


NOUNS = ("id", "prompt", "negative", "object", "element")
LADDER_TEXTS = (*NOUNS, "object_question", "element_question", "absence_question")


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


def test_the_command_prints_pairs_violations_and_ends_with_2(tmp_path, capsys):
    file = write(tmp_path / "mine.jsonl", [LADDER, {**LADDER, "id": "x"}])
    assert main(["benchmark", "check", str(file), "--show", "1"]) == 2
    printed = capsys.readouterr()
    assert "'a wooden ladder against a brick wall' without 'rungs'" in printed.out
    assert f"{file}:2: x: the id should be" in printed.out
    assert printed.err.startswith(f"error: {file}: 2 pairs, ")


def test_a_sample_is_drawn_by_its_seed():
    assert sample(DEV, 5, seed=1) == sample(DEV, 5, seed=1) != sample(DEV, 5, seed=2)
    assert all(pair.id in sample(DEV, 99) for pair in DEV)


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_a_benchmark_that_is_not_there_is_named(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NegjudgeError, match=r"is missing; expected a folder with dev\.jsonl and test\.jsonl"):
        check(path)


def test_committed_splits_are_those_of_the_command_and_keep_every_promise(tmp_path):
    committed = read_splits(FOLDER / "splits.json")
    pairs = read_pairs(FOLDER)
    assert violations(committed, pairs) == []
    assert (FOLDER / "splits.json").read_text() == splits_json(benchmark_splits(DEV, TEST))
    for part, values in (("dev", DEV), ("test", TEST)):
        write(tmp_path / f"{part}.jsonl", rows(part))
        assert select_pairs(pairs, committed, [f"methods/{part}"]) == values
    assert main(["benchmark", "split", str(tmp_path)]) == 0
    assert (tmp_path / "splits.json").read_bytes() == (FOLDER / "splits.json").read_bytes()


def test_splits_keep_the_pairs_of_an_object_together():
    twice = [*DEV, *(from_dict({**vars(p), "id": f"{p.id}-2"}, Pair, "here") for p in DEV)]
    splits = benchmark_splits(twice, TEST, seed=3)
    validation = splits.judge["validation"]
    assert 40 <= len(validation) <= 42
    assert all(f"{i}-2" in validation for i in validation if not i.endswith("-2"))
    assert not set(validation) & set(splits.judge["train"])
    assert benchmark_splits(DEV, TEST, seed=4) != benchmark_splits(DEV, TEST, seed=5)


ROW = {
    "prompt": "a bicycle",
    "missing_element": "wheels",
    "question_1": "Does this picture show a bicycle?",
    "question_2": "Does this picture show wheels?",
}


def test_the_first_question_names_the_object_and_scenes_are_pairs_of_their_own(tmp_path):
    rows = [
        {"prompt": "A photo of a cat.", "missing_element": "the tail",
         "question_1": "Is there a cat in the image?", "question_2": "Does the cat have no tail?"},
        {**ROW, "prompt": "A bicycle on the street", "question_1": "Does the image show a bicycle?"},
        {**ROW, "prompt": "A bicycle in a garden", "question_1": "Is there a bicycle?"},
        {**ROW, "prompt": "a tricycle", "question_1": "Can you see it?"},
    ]  # fmt: skip
    (tmp_path / "original.json").write_text(json.dumps(rows), encoding="utf-8-sig")
    pairs = import_pairs(tmp_path / "original.json").pairs
    assert [pair.object for pair in pairs] == ["cat", "bicycle", "bicycle", "tricycle"]
    assert [pair.id for pair in pairs] == [
        "cat-tail",
        "bicycle-wheels",
        "bicycle-wheels-2",
        "tricycle-wheels",
    ]


BAD_ROWS = [
    (5, "row 2: expected an object, got int"),
    ({**ROW, "question_1": " "}, "row 2: question_1 is missing or empty"),
    ({**ROW, "prompt": "a bicycle without wheels"}, "row 2: prompt 'a bicycle without wheels' negates"),
    ({**ROW, "missing_element": "no wheels"}, "row 2: missing_element 'no wheels' negates"),
    ({**ROW, "missing_element": "bicycles"}, "row 2: the missing element 'bicycles' is the object"),
    ({**ROW, "question_1": "Does this picture lack a bicycle?"}, "row 2: question_1"),
    ({**ROW, "question_2": "Is there a saddle?"}, "does not name 'wheels'"),
    (ROW, "row 2: the same prompt and element as row 1; leave one out"),
]


def test_rows_of_the_original_become_pairs_that_are_read_back(tmp_path, capsys):
    other = {
        **ROW,
        "prompt": "An old clock",
        "missing_element": "hands",
        "question_2": "Are its hands missing?",
    }
    (tmp_path / "original.json").write_text(json.dumps([ROW, other]))
    assert main(["benchmark", "import", str(tmp_path / "original.json"), "-o", str(tmp_path / "new")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'new/pairs.jsonl'}: 2 pairs\n"
    bicycle, clock = read_pairs(tmp_path / "new").values()
    assert (bicycle.id, bicycle.object, bicycle.negative) == ("bicycle-wheels", "bicycle", "wheels")
    assert bicycle.element_question == ROW["question_2"]
    assert bicycle.absence_question == "Does this picture lack wheels?"
    assert (clock.object, clock.element_question) == ("old clock", "")
    assert clock.absence_question == other["question_2"]
    assert clock.keep == ()


@pytest.mark.parametrize(("row", "said"), BAD_ROWS)
def test_rows_that_cannot_be_used_are_named_and_the_rest_is_written(tmp_path, capsys, row, said):
    (tmp_path / "original.json").write_text(json.dumps([ROW, row]))
    output = tmp_path / "pairs.jsonl"
    assert main(["benchmark", "import", str(tmp_path / "original.json"), "-o", str(output)]) == 2
    printed = capsys.readouterr()
    assert said in printed.out
    assert "1 of 2 rows" in printed.err
    assert list(read_pairs(output)) == ["bicycle-wheels"]


def test_an_import_overwrites_nothing_and_wants_a_list(tmp_path, capsys):
    (tmp_path / "original.json").write_text("{}")
    (tmp_path / "pairs.jsonl").write_text("mine\n")
    for output, said in ((tmp_path, "is there already"), (tmp_path / "x.jsonl", "expected a JSON list")):
        assert main(["benchmark", "import", str(tmp_path / "original.json"), "-o", str(output)]) == 2
        assert said in capsys.readouterr().err
    assert (tmp_path / "pairs.jsonl").read_text() == "mine\n"


def test_the_hubs_reader_gives_both_splits_with_declared_types(tmp_path):
    from datasets import load_dataset

    loaded = load_dataset(str(FOLDER), cache_dir=str(tmp_path))
    assert {name: len(split) for name, split in loaded.items()} == {"dev": 60, "test": 200}
    kinds = {name: str(kind) for name, kind in loaded["dev"].features.items()}
    assert kinds["essential"] == "Value('bool')"
    assert kinds["keep"] == kinds["keep_questions"] == "List(Value('string'))"
    assert [from_dict(row, Pair, "row") for row in loaded["dev"]] == DEV
