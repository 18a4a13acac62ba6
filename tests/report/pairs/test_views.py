"""The pairs on the page: which stand near its top."""

from __future__ import annotations

from collections.abc import Mapping

from negjudge.evaluation.methods.pairs import PairMethod, PairRow
from negjudge.report.pairs.views import extremes


def row(pair: str, methods: Mapping[str, PairMethod], why: str = "") -> PairRow:
    return PairRow(pair, "mug", "handle", "a mug", "handle", "", "part", why, "oracle", methods)


def test_the_worst_and_the_best_are_by_success_and_never_the_same_pair() -> None:
    success = {f"p{n}": n / 10 for n in range(9)}
    rows = [row(p, {"vsf": PairMethod(4, s, 1.0, s, {})}) for p, s in success.items()]
    ends = extremes(rows, "vsf")
    assert ends is not None
    assert (list(ends.worst), list(ends.best)) == (["p0", "p1", "p2", "p3"], ["p8", "p7", "p6", "p5"])
    equal = extremes([row(p, {"vsf": PairMethod(4, 0.5, 1.0, 0.5, {})}) for p in success], "vsf")
    assert equal is not None
    assert len({*equal.worst, *equal.best}) == 8
    assert extremes(rows[:1], "vsf") is None
    assert extremes(rows, "nag") is None
