"""Labels of votes: the majority's; ties, unsure and ratings stay what they are."""

from __future__ import annotations

import pytest

from negjudge.data.records import Answer, Question, Vote
from negjudge.labeling.aggregation import labels_from


def votes(question: Question, *answers: Answer) -> list[Vote]:
    """Votes of several people on one picture."""
    return [Vote("s", f"a-{n}", "people", question, answer) for n, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("answers", "answer", "probability"),
    [
        (["yes", "yes", "no"], "yes", 2 / 3),
        (["no", "no", "no"], "no", 0.0),
        (["yes", "no"], "tie", 0.5),
        (["yes", "unsure", "unsure"], "unsure", 1.0),
        (["yes", "no", "unsure"], "tie", 0.5),
        (["unsure", "unsure"], "unsure", None),
        (["yes", "yes", "unsure"], "yes", 1.0),
    ],
)
def test_the_majority_decides_and_ties_and_unsure_stay(answers, answer, probability):
    (label,) = labels_from(votes("element", *answers))
    assert (label.answer, label.probability) == (answer, probability)
    assert label.counts == {one: answers.count(one) for one in answers}
    assert label.source == "people"


@pytest.mark.parametrize(
    ("answers", "answer", "mean"), [(["5", "4", "4"], "4", 13 / 3), (["1", "5"], "tie", 3.0)]
)
def test_ratings_have_a_mean(answers, answer, mean):
    (label,) = labels_from(votes("quality", *answers))
    assert (label.answer, label.probability) == (answer, mean)


def test_a_changed_answer_replaces_the_earlier_one():
    (label,) = labels_from([*votes("object", "yes", "yes"), *votes("object", "no")])
    assert label.counts == {"no": 1, "yes": 1}
