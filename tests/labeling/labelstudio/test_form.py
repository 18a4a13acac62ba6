"""The labelling page and the way from its answers to votes and back."""

import re
import xml.etree.ElementTree as ET

import lab
import pytest

from negjudge.data.records import Pair, Vote
from negjudge.labeling.labelstudio.form import (
    KEYS,
    Fault,
    labelling_config,
    read_result,
    task_data,
    to_result,
)


def test_the_page_shows_one_picture_and_each_answer_with_a_key_of_its_own():
    page = ET.fromstring(labelling_config())
    assert len(page.findall("Image")) == 1
    choices = {group.get("name"): group for group in page.findall("Choices")}
    assert list(choices) == ["object", "element", "quality"]
    keys = [choice.get("hotkey") for group in choices.values() for choice in group]
    assert len(set(keys)) == len(keys) == 11
    assert [choice.get("value") for choice in choices["quality"]] == ["1", "2", "3", "4", "5"]
    assert all(group.get("required") == "true" for group in choices.values())


def test_the_task_has_all_that_the_page_shows_and_nothing_of_the_method(tmp_path):
    (sample,) = lab.fill(tmp_path, 1)
    data = task_data(sample)
    shown = set(re.findall(r'value="\$(\w+)"', labelling_config()))
    assert shown | {"sample"} == set(data)
    assert data["object_question"] == "Does this picture show a bicycle?"
    assert data["element_question"] == "Does this picture show wheels?"
    assert sample.method not in " ".join(data.values())
    question = "Does this picture show bicycle wheels?"
    pair = Pair(sample.pair, sample.object, sample.element, "", "", element_question=question)
    assert task_data(sample, pair) == {**data, "element_question": question}


def test_the_guideline_names_the_keys_that_the_page_has():
    text = (lab.ROOT / "docs/guideline.md").read_text()
    for answers in KEYS.values():
        for answer, key in answers.items():
            assert f"`{key}`" in text, (answer, key)


def test_answers_come_back_as_they_were_given():
    votes = [
        Vote("s", "anna", "people", "object", "yes"),
        Vote("s", "anna", "people", "element", "unsure"),
        Vote("s", "anna", "people", "quality", "4"),
    ]
    assert read_result(to_result(votes)) == ({"object": "yes", "element": "unsure", "quality": "4"}, [])


@pytest.mark.parametrize(
    ("question", "value", "reason"),
    [
        ("object", {"choices": ["maybe"]}, "answer 'maybe' is not one of yes, no, unsure"),
        ("object", {"choices": ["yes", "no"]}, "answer ['yes', 'no'] is not one of yes, no, unsure"),
        ("element", {"choices": "yes "}, "answer 'yes ' is not one of yes, no, unsure"),
        ("element", None, "answer None is not one of yes, no, unsure"),
        ("element", {"choices": [["yes"]]}, "answer ['yes'] is not one of yes, no, unsure"),
        ("quality", {"choices": ["9"]}, "rating '9' is not one of 1 to 5"),
        ("quality", {"rating": 9}, "rating 9 is not one of 1 to 5"),
        ("quality", {}, "rating None is not one of 1 to 5"),
    ],
)
def test_a_wrong_answer_is_refused_and_the_others_count(question, value, reason):
    right = {"object": "yes", "element": "no", "quality": "3"}
    items = [item for item in lab.result(**right) if item["from_name"] != question]
    answers, faults = read_result([*items, {"from_name": question, "type": "choices", "value": value}])
    assert answers == {name: answer for name, answer in right.items() if name != question}
    assert faults == [Fault(question, reason)]


def test_missing_doubled_and_unknown_answers_are_refused():
    items = lab.result(object="yes", mood="good") + lab.result(object="no")
    answers, faults = read_result([*items, "nonsense"])
    assert answers == {}
    assert faults == [
        Fault("mood", "unknown question 'mood'"),
        Fault(None, "unknown question None"),
        Fault("object", "2 answers to one question"),
        Fault("element", "no answer"),
        Fault("quality", "no answer"),
    ]
    assert read_result(None)[0] == {}
