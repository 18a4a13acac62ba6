"""Agreement: textbook figures and edge cases."""

from __future__ import annotations

import pytest

from negjudge.data.records import Answer, Question, Vote
from negjudge.labeling.agreement import agreement


def votes(rows: list[str], question: Question = "object", source: str = "people") -> list[Vote]:
    """One string a picture, one letter an annotator: y, n, u, a rating, or . for no vote."""
    answers: dict[str, Answer] = {"y": "yes", "n": "no", "u": "unsure"}
    return [
        Vote(f"s{s}", f"annotator-{a}", source, question, answers.get(letter, letter))  # type: ignore[arg-type]
        for s, row in enumerate(rows)
        for a, letter in enumerate(row)
        if letter != "."
    ]


def test_figures_by_hand() -> None:
    (found,) = agreement(votes(["yy", "nn", "yn", "yy"]))
    assert found.raw == pytest.approx(0.75)
    # Krippendorff: observed disagreement 2/8; expected 2·5·3/(8·7).
    assert found.alpha == pytest.approx(1 - 0.25 / (30 / 56))
    # Fleiss: expected agreement (5/8)² + (3/8)².
    assert found.fleiss == pytest.approx((0.75 - 34 / 64) / (1 - 34 / 64))
    assert (found.annotators, found.pictures, found.votes) == (2, 4, 8)
    assert found.low is not None
    assert found.low <= found.alpha <= (found.high or 0)


def test_ratings_one_apart_disagree_less_than_ratings_far_apart() -> None:
    near = agreement(votes(["12", "23", "34", "45", "11", "55"], "quality"))[0].alpha
    far = agreement(votes(["15", "51", "14", "52", "11", "55"], "quality"))[0].alpha
    assert near is not None
    assert far is not None
    assert near > 0.5 > far


def test_unsure_agrees_with_unsure_alone() -> None:
    (found,) = agreement(votes(["uu", "yu", "nn"]))
    assert found.raw == pytest.approx(2 / 3)
    assert found.unsure == pytest.approx(0.5)


def test_pictures_with_one_vote_do_not_count_and_ragged_ones_have_no_fleiss() -> None:
    (found,) = agreement(votes(["yyy", "nn.", "y..", "yny"]))
    assert found.pictures == 3
    assert found.fleiss is None
    assert found.alpha is not None


def test_one_answer_only_leaves_alpha_undefined() -> None:
    (found,) = agreement(votes(["yy", "yy"]))
    assert (found.raw, found.alpha, found.low, found.fleiss) == (1.0, None, None, None)


def test_a_changed_vote_replaces_the_first() -> None:
    changed = Vote("s0", "annotator-1", "people", "object", "yes")
    (found,) = agreement([*votes(["yn", "nn"]), changed])
    assert found.raw == 1.0


def test_sources_and_questions_are_kept_apart_and_nothing_gives_nothing() -> None:
    mixed = votes(["yy", "nn"]) + votes(["yy", "nn"], "element") + votes(["yn"], source="simulated")
    assert [(a.source, a.question) for a in agreement(mixed)] == [
        ("people", "object"),
        ("people", "element"),
        ("simulated", "object"),
    ]
    assert agreement([]) == []
    assert agreement(votes(["y", "n"])) == []
