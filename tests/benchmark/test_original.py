"""An import of the original benchmark loses nothing in silence."""

import json

import pytest

from negjudge.benchmark.original import import_pairs
from negjudge.cli.main import main
from negjudge.data.pairs import read_pairs

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
