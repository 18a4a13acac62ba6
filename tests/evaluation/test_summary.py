"""The finding as one sentence: it says no more than the pictures bear."""

from __future__ import annotations

from negjudge.evaluation.judges.polarity import Polarity
from negjudge.evaluation.methods.table import Comparison, MethodRow
from negjudge.evaluation.metrics_file import Finding
from negjudge.evaluation.summary import finding_sentence, polarity_lines
from negjudge.statistics.clusters import Difference, Interval


def test_a_finding_that_the_pictures_do_not_bear_says_so() -> None:
    half = Interval(0.5, 0.2, 0.8)
    best, unguided = (
        MethodRow(m, {}, 8, 4, half, half, half, None, None, undecided=0.0, evaluations=None)
        for m in ("vsf", "none")
    )
    gap = Difference(0.1, -0.2, 0.4, p=0.4, more=3, less=2, adjusted=0.4)
    comparison = Comparison("success", "vsf", "none", 8, 4, gap)
    sentence = finding_sentence(Finding("oracle", best, unguided, comparison))
    assert sentence is not None
    assert sentence.endswith("+10 points (−20 to +40), a difference that these pictures do not establish.")


def polarity(judge: str, negated: float, contradicts: float) -> Polarity:
    rates = [Interval(rate, rate - 0.05, rate + 0.05) for rate in (0.8, negated, contradicts, 0.5, 0.1)]
    return Polarity(judge, "all four", "element", "oracle", 400, 60, *rates)


def test_what_tuning_did_to_the_negated_question_is_told_in_short_sentences() -> None:
    lines = polarity_lines([polarity("base", 0.39, 0.9), polarity("tuned", 0.91, 0.06)])
    assert lines[0] == "Asked if a part is missing, the base judge is right 39 % (34–44) of the time."
    assert lines[2] == "The tuned judge is right 91 % (86–96) of the time."
    assert lines[4] == "The tuned judge does so on 6 % (1–11)."


def test_without_both_judges_nothing_is_told_of_tuning() -> None:
    assert polarity_lines([polarity("tuned", 0.91, 0.06)]) == polarity_lines([]) == []
