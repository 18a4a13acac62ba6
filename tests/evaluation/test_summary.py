"""The finding as one sentence: it says no more than the pictures bear."""

from __future__ import annotations

from negjudge.evaluation.methods.table import Comparison, MethodRow
from negjudge.evaluation.metrics_file import Finding
from negjudge.evaluation.summary import finding_sentence
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
