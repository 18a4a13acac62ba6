"""What a judge is trained on: every decided question, soft answers, nothing that is held out."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negjudge.data.pairs import read_pairs
from negjudge.data.questions import QUALITY_QUESTION, presence_question
from negjudge.data.records import Label, Sample, append_records, read_records, write_records
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import load_processor
from negjudge.judge.prompts import ANSWERS
from negjudge.training.data import (
    Labelled,
    Part,
    allowed_parts,
    apart,
    choose,
    held_out,
    held_out_objects,
    of_judge,
    read_labelled,
    rows,
)


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


def with_parts(run, **present):
    """Add labels of parts, by part, to every picture of a run."""
    samples = read_records(run / "samples.jsonl", Sample)
    counts = {1.0: {"yes": 3}, 0.0: {"no": 3}, 1 / 3: {"yes": 1, "no": 2}}
    append_records(
        run / "labels.jsonl",
        [
            Label(one.id, f"part:{part}", "yes" if share > 0.5 else "no", share, counts[share], "simulated")
            for one in samples
            for part, share in present.items()
        ],
    )


def test_every_part_is_asked_about_both_ways_and_softly(run, pairs, tokenizer):
    before = rows(read_labelled(run, pairs), run, tokenizer, absent_objects=0, seed=0)
    with_parts(run, lid=1 / 3, wheels=1.0)
    one = read_labelled(run, pairs)[0]
    assert [(part.name, part.present) for part in one.parts] == [("lid", 1 / 3), ("wheels", 1.0)]
    found = [
        (row.question, named(row.target)) for row in rows([one], run, tokenizer, absent_objects=0, seed=0)
    ]
    assert [question for question, _ in found[:5]] == [row.question for row in before[:5]]
    third, rest = pytest.approx(1 / 3), pytest.approx(2 / 3)
    assert found[5:] == [
        ("Does this picture show a lid?", {"yes": third, "no": rest}),
        ("Does this picture lack a lid?", {"yes": rest, "no": third}),
        ("Does this picture show wheels?", {"yes": 1.0}),
        ("Does this picture lack wheels?", {"no": 1.0}),
    ]


def test_parts_are_asked_about_only_where_the_recipe_wants_that(run, splits, pairs):
    with_parts(run, wheels=1.0)
    material = choose(read_labelled(run, pairs), splits, set(), {})
    assert not any(one.parts for one in (*material.train, *material.validation))
    material = choose(read_labelled(run, pairs), splits, set(), {}, allowed_parts("element", splits, pairs))
    assert not any(one.parts for one in (*material.train, *material.validation))


@pytest.mark.parametrize("asked", ["every", "untested"])
def test_no_word_that_is_held_out_is_ever_asked_about(run, splits, pairs, tokenizer, asked):
    hidden = held_out(splits, pairs)
    with_parts(run, **dict.fromkeys(sorted({pair.element for pair in pairs.values()}), 0.0))
    material = choose(
        read_labelled(run, pairs), splits, hidden, {}, allowed_parts(asked, splits, pairs), hidden
    )
    questions = {row.question for row in rows([*material.train, *material.validation], run, tokenizer, 2, 0)}
    named_in = {word for word in hidden for question in questions if re.search(rf"\b{word}\b", question)}
    assert not named_in
    assert any(one.parts for one in material.train)


def test_untested_asks_no_question_of_another_groups_pair(splits, pairs, run):
    with_parts(run, **dict.fromkeys(sorted({pair.element for pair in pairs.values()}), 0.0))
    labelled = read_labelled(run, pairs)
    asked = {
        kind: {
            (one.sample.pair, one.sample.object, part.name)
            for one in labelled
            for part in one.parts
            if allowed_parts(kind, splits, pairs)(one, part)
        }
        for kind in ("every", "untested")
    }
    own = {(pair.object, pair.element): pair.id for pair in pairs.values()}
    groups = {splits.stratum(own[obj, part]) for _, obj, part in asked["every"] if (obj, part) in own}
    assert groups == {"train", "validation", "seen"}
    assert asked["untested"] < asked["every"]
    for pair, obj, part in asked["untested"]:
        if (obj, part) in own:
            assert splits.stratum(own[obj, part]) == splits.stratum(pair)
            assert own[obj, part] not in splits.methods["test"]


def test_masked_keeps_what_shows_a_held_out_element_and_dropped_does_not(run, splits, pairs):
    labelled, hidden = read_labelled(run, pairs), held_out(splits, pairs)
    objects = held_out_objects(splits, pairs)
    stranger = pairs[splits.judge["both_new"][0]]
    first, second, *_ = (one.sample.id for one in labelled)
    shown = {first: [stranger.element], second: [stranger.object]}
    dropped = choose(labelled, splits, hidden, shown)
    assert (dropped.left_out, dropped.masked) == (2, 0)
    masked = choose(labelled, splits, hidden, shown, may_show=hidden - objects)
    assert (masked.left_out, masked.masked) == (1, 1)
    kept = {one.sample.id for one in (*masked.train, *masked.validation)}
    assert kept == {one.sample.id for one in labelled} - {second}
    assert stranger.object in objects <= hidden


def test_what_people_see_in_a_picture_counts_as_shown(run, splits, pairs):
    hidden = held_out(splits, pairs)
    stranger = pairs[splits.judge["both_new"][0]]
    labelled = read_labelled(run, pairs)
    seen = replace(labelled[0], parts=(Part(stranger.element, stranger.element, 2 / 3),))
    unseen = replace(labelled[1], parts=(Part(stranger.element, stranger.element, 1 / 3),))
    material = choose([seen, unseen, *labelled[2:]], splits, hidden, {})
    assert material.left_out == 1
    assert labelled[1].sample.id in {one.sample.id for one in (*material.train, *material.validation)}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=4))
def test_asked_apart_each_question_comes_once(found):
    sample = Sample(
        "1", "a-b", "a", "b", "a", "b", "vsf", {}, 0, "1.png", "", "m", "0", 8, 64, 64, "cpu", "f"
    )
    parts = tuple(Part(name, f"a {name}", share) for name, share in found)
    one = Labelled(sample, 1.0, 0.0, (0, 0, 0, 0, 1.0), ("a", "b"), parts)
    own, *others = apart([one])
    assert own == replace(one, parts=())
    assert [(other.nouns, other.element) for other in others] == [(("a", p.noun), p.present) for p in parts]
    assert all((other.object, other.quality, other.parts) == (None, None, ()) for other in others)
