"""Every rule of a pair of the benchmark fires."""

import pytest
from benchmarked import DEV, LADDER, TEST, rows, write

from negjudge.benchmark.files import check
from negjudge.benchmark.rules import noun_phrase
from negjudge.data.questions import with_article


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
