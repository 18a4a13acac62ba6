"""What a judge is trained on: every decided question, soft answers, nothing that is held out."""

from dataclasses import replace

import pytest

from negjudge.data.pairs import read_pairs
from negjudge.data.questions import QUALITY_QUESTION, presence_question
from negjudge.data.records import Label, Sample, append_records, read_records, write_records
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import load_processor
from negjudge.judge.prompts import ANSWERS
from negjudge.training.data import choose, held_out, of_judge, read_labelled, rows


@pytest.fixture
def splits():
    return read_splits("data/mini/splits.json")


@pytest.fixture
def pairs():
    return read_pairs("data/mini/pairs.jsonl")


@pytest.fixture(scope="session")
def tokenizer(base):
    return load_processor(base).tokenizer


def named(target):
    return {answer: share for answer, share in zip(ANSWERS, target, strict=True) if share}


def test_both_ways_and_soft(run, pairs, tokenizer):
    one = next(one for one in read_labelled(run, pairs) if one.element not in (0.0, 1.0))
    found = {row.question: named(row.target) for row in rows([one], run, tokenizer, absent_objects=0, seed=0)}
    assert len(found) == 5
    element = [targets for question, targets in found.items() if one.sample.element in question]
    assert element == [
        {"yes": pytest.approx(2 / 3), "no": pytest.approx(1 / 3)},
        {"yes": pytest.approx(1 / 3), "no": pytest.approx(2 / 3)},
    ]
    assert found[QUALITY_QUESTION] == {"5": pytest.approx(2 / 3), "4": pytest.approx(1 / 3)}


def test_what_nobody_decided_is_not_asked(run, pairs, tokenizer):
    labels = read_records(run / "labels.jsonl", Label)
    first = labels[0].sample
    undecided = [
        replace(label, answer="unsure", probability=None, counts={"unsure": 3})
        if label.sample == first
        else label
        for label in labels
    ]
    write_records(run / "labels.jsonl", undecided)
    one = next(one for one in read_labelled(run, pairs) if one.sample.id == first)
    assert (one.object, one.element, one.quality) == (None, None, None)
    assert rows([one], run, tokenizer, absent_objects=2, seed=0) == []


def test_the_order_in_which_pictures_were_made_counts_for_nothing(run, pairs):
    before = read_labelled(run, pairs)
    write_records(run / "samples.jsonl", read_records(run / "samples.jsonl", Sample)[::-1])
    assert read_labelled(run, pairs) == before


def test_absent_objects_are_answered_with_no(run, pairs, tokenizer):
    labelled = read_labelled(run, pairs)
    one = labelled[0]
    found = rows(labelled, run, tokenizer, absent_objects=1, seed=0)
    extra = [row for row in found if row.image.endswith(one.sample.image)][5:]
    assert [named(row.target) for row in extra] == [{"no": 1.0}, {"yes": 1.0}]
    assert one.sample.object not in extra[0].question
    assert any(other.sample.object in extra[0].question for other in labelled)
    # An object that is not there says nothing about other objects.
    assert len(rows([replace(one, object=0.0), *labelled[1:]], run, tokenizer, 1, 0)) == len(found) - 2


def test_pictures_that_show_what_is_held_out_are_left_out(run, splits, pairs):
    labelled, hidden = read_labelled(run, pairs), held_out(splits, pairs)
    stranger = pairs[splits.judge["both_new"][0]]
    assert {
        stranger.object,
        stranger.element,
        *splits.strict["objects"],
        *splits.strict["elements"],
    } <= hidden
    assert not hidden & {one.sample.object for one in of_judge(labelled, splits)}
    first, second, *_ = (one.sample.id for one in labelled)
    shown = {first: [stranger.element], second: [labelled[1].sample.element]}
    material = choose(labelled, splits, hidden, shown)
    assert material.left_out == 1
    kept = {one.sample.id for one in (*material.train, *material.validation)}
    assert kept == {one.sample.id for one in labelled} - {first}


def test_train_and_validation_follow_the_splits(run, splits, pairs):
    material = choose(read_labelled(run, pairs), splits, held_out(splits, pairs), {})
    assert {one.sample.pair for one in material.train} == set(splits.judge["train"][:4])
    assert {one.sample.pair for one in material.validation} == set(splits.judge["validation"][:2])


def test_other_pairs_are_never_used(run, splits, pairs):
    sample = read_labelled(run, pairs)[0].sample
    seen = pairs[splits.judge["seen"][0]]
    test = replace(sample, id="f" * 16, pair=seen.id, object=seen.object, element=seen.element)
    append_records(run / "samples.jsonl", [test])
    append_records(run / "labels.jsonl", [Label(test.id, "object", "yes", 1.0, {"yes": 3}, "simulated")])
    material = choose(read_labelled(run, pairs), splits, held_out(splits, pairs), {})
    assert test.id not in {one.sample.id for one in (*material.train, *material.validation)}


def test_splits_that_contradict_themselves_are_refused(run, pairs, splits):
    labelled = read_labelled(run, pairs)
    with pytest.raises(NegjudgeError, match="hold out"):
        choose(labelled, splits, {labelled[0].sample.object}, {})
    with pytest.raises(NegjudgeError, match="judge train"):
        choose([one for one in labelled if one.sample.pair in splits.judge["validation"]], splits, set(), {})


def test_a_word_that_the_base_does_not_know_is_named(run, pairs, tokenizer):
    one = read_labelled(run, pairs)[0]
    strange = replace(one, nouns=(one.sample.object, "zebra stripes"))
    with pytest.raises(NegjudgeError, match="'zebra'"):
        rows([strange], run, tokenizer, absent_objects=0, seed=0)


def test_questions_are_the_judges(run, pairs, tokenizer):
    one = read_labelled(run, pairs)[0]
    asked = {row.question for row in rows([one], run, tokenizer, absent_objects=0, seed=0)}
    assert (
        presence_question(one.sample.element) in asked
        or presence_question(f"a {one.sample.element}") in asked
    )


def test_a_picture_is_asked_about_in_the_words_that_people_were_asked_in(run, pairs, tokenizer):
    one = read_labelled(run, pairs)[0]
    own = replace(pairs[one.sample.pair], element_question="Does this picture show a red lid?")
    worded = read_labelled(run, {**pairs, own.id: own})[0]
    asked = {row.question for row in rows([worded], run, tokenizer, absent_objects=0, seed=0)}
    assert worded.nouns == (one.sample.object, "a red lid")
    assert {presence_question("a red lid", polarity) for polarity in ("present", "absent")} < asked
