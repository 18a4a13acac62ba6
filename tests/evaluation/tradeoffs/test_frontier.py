"""Frontiers and matched comparisons, against figures worked out by hand."""

import itertools
import math
from dataclasses import replace

import pytest

from negjudge.data.records import Sample
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.scored import Scored
from negjudge.evaluation.tradeoffs.best_of import BestOf
from negjudge.evaluation.tradeoffs.frontier import Frontiers, Gap, Held, Matched, Point, frontiers
from negjudge.evaluation.tradeoffs.summary import contest_summary
from negjudge.evaluation.tradeoffs.tables import ContestTables
from negjudge.generation.cost import read_timings
from negjudge.statistics.clusters import Difference, Interval
from negjudge.tuning.frozen import Chosen, Frozen, Level

PICTURES = 20


def sample(method, params, pair, seed=0):
    return Sample(
        f"{method}-{params}-{pair}", f"pair-{pair}", f"object-{pair}", f"element-{pair}", "", "", method,
        params, seed, "", "", "", "", 4, 64, 64, "cpu", "float32",
    )  # fmt: skip


def pictures(method, params, kept, removed, collateral=0.0, residual=0.1):
    """Return pictures of which the first so many are kept, and the last so many have the element removed."""
    return [
        Scored(
            sample(method, params, pair),
            kept=pair < kept,
            removed=pair >= PICTURES - removed,
            success=pair < kept and pair >= PICTURES - removed,
            collateral=None if method == "none" else collateral,
            quality=residual,
        )
        for pair in range(PICTURES)
    ]


def frozen(*levels, **settings):
    contestants = {name: Chosen(name, tuple(each), {"success": 0.5}, 1) for name, each in settings.items()}
    return Frozen("success", contestants, levels, (), 1, 1, "", "", {})


WEAK, STRONG = {"scale": 1.0}, {"scale": 2.0}
NONE = pictures("none", {}, 20, 0)
VSF = pictures("vsf", WEAK, 20, 10, 0.1) + pictures("vsf", STRONG, 12, 20, 0.5, 0.2)
NAG = pictures("nag", WEAK, 16, 8, 0.2, 0.15)


def rates(found):
    return {held.method: held.rate.estimate for held in found.rates}


def test_points_are_the_rates_of_each_setting_and_the_first_is_the_chosen_one():
    found = frontiers(frozen(vsf=[WEAK, STRONG]), NONE + VSF, True, 50)
    assert (found.pictures, found.pairs) == (20, 20)
    weak, strong = found.points
    plain = found.unguided
    assert (plain.method, plain.kept.estimate, plain.removed.estimate, plain.collateral.estimate) == (
        "none",
        1,
        0,
        0,
    )
    assert (weak.chosen, strong.chosen) == (True, False)
    assert (weak.kept.estimate, weak.removed.estimate, weak.success.estimate) == (1.0, 0.5, 0.5)
    assert (strong.kept.estimate, strong.removed.estimate, strong.success.estimate) == (0.6, 1.0, 0.6)
    assert strong.collateral.estimate == pytest.approx(0.5)
    assert weak.success.low < 0.5 < weak.success.high


def test_where_the_object_is_kept_as_often_settings_are_mixed():
    # VSF at 0.8 kept: halfway from success 0.5 (all kept) to 0.6 (0.6 kept). NAG keeps 0.8 just so. At 0.9
    # no guidance is half of it.
    plan = frozen(Level("kept", 0.8), Level("kept", 0.9), vsf=[WEAK, STRONG], nag=[WEAK])
    first, second = frontiers(plan, NONE + VSF + NAG, True, 50).matched
    assert first.limit == pytest.approx(0.8)
    assert rates(first) == pytest.approx({"vsf": 0.55, "nag": 0.2})
    assert rates(second) == pytest.approx({"vsf": 0.525, "nag": 0.1})
    (gap,) = first.gaps
    assert (gap.first, gap.second, gap.difference.estimate) == ("vsf", "nag", pytest.approx(0.35))
    assert gap.difference.adjusted == gap.difference.p


def test_less_residual_and_less_collateral_are_better():
    # At half of the unguided quality a residual of 0.2 is allowed; at 0.8, of 0.125: a quarter of the way.
    plan = frozen(Level("quality", 0.5), Level("quality", 0.8), Level("collateral", 0.3), vsf=[WEAK, STRONG])
    half, most, spill = frontiers(plan, NONE + VSF, True, 50).matched
    assert (half.limit, most.limit) == (pytest.approx(0.2), pytest.approx(0.125))
    assert rates(half) == pytest.approx({"vsf": 0.6})
    assert rates(most) == pytest.approx({"vsf": 0.525})
    assert rates(spill) == pytest.approx({"vsf": 0.55})  # halfway from 0.1 to 0.5


def test_more_rating_is_better():
    rated = [
        Scored(
            one.sample, one.kept, one.removed, one.success, None, 4.0 if one.sample.method == "none" else 3.0
        )
        for one in NONE + pictures("vsf", WEAK, 20, 10)
    ]
    plan = frozen(Level("quality", 0.7), Level("quality", 0.875), vsf=[WEAK])
    low, high = frontiers(plan, rated, False, 50).matched
    assert rates(low) == {"vsf": 0.5}
    assert rates(high) == pytest.approx({"vsf": 0.25})


def test_only_pictures_that_every_setting_has_count():
    found = frontiers(frozen(vsf=[WEAK, STRONG]), NONE + VSF[: PICTURES + 8], True, 50)
    assert found.pictures == 8
    assert frontiers(frozen(vsf=[WEAK, {"scale": 3.0}]), NONE + VSF, True, 50) is None


def test_every_two_contestants_are_compared_and_corrected_together():
    third = pictures("cfg", WEAK, 16, 9)
    plan = frozen(Level("kept", 0.8), vsf=[WEAK, STRONG], nag=[WEAK], cfg=[WEAK])
    (found,) = frontiers(plan, NONE + VSF + NAG + third, True, 200).matched
    assert [(g.first, g.second) for g in found.gaps] == list(itertools.combinations(["vsf", "nag", "cfg"], 2))
    assert all(g.difference.adjusted >= g.difference.p for g in found.gaps if g.difference.p is not None)


def test_a_gap_is_read_either_way_and_what_was_not_compared_is_said():
    lead = Difference(0.2, 0.05, 0.4, p=0.01, more=3, less=1, adjusted=0.02)
    held = tuple(Held(name, Interval(rate, None, None)) for name, rate in (("nag", 0.4), ("vsf", 0.6)))
    matched = Matched("kept", 0.9, 0.8, (*held, Held("cfg", Interval(math.nan, None, None))), ())
    assert [one.method for one in matched.ordered] == ["vsf", "nag", "cfg"]
    compared = replace(matched, gaps=(Gap("vsf", "nag", lead),))
    assert compared.gap("vsf", "nag") == lead
    turned = compared.gap("nag", "vsf")
    assert (turned.estimate, turned.low, turned.high) == (-0.2, -0.4, -0.05)
    assert (turned.p, turned.more, turned.less, turned.adjusted) == (0.01, 1, 3, 0.02)
    assert compared.gap("vsf", "cfg") is None
    point = Point("none", {}, True, 4, *[Interval(0.5, None, None)] * 3, None, None)
    contest = ContestTables(
        frozen(), "", "oracle", Frontiers(4, 4, point, (), (compared,)),
        (BestOf("vsf", "oracle", 1, 4, 4, Interval(0.6, None, None)),), None,
    )  # fmt: skip
    lines = "\n".join(contest_summary(contest))
    assert "VSF +20 points (+5 to +40), p 0.020" in lines
    assert "not compared with VSF" in lines


def test_costs_of_another_form_are_refused(tmp_path):
    assert read_timings(tmp_path) is None
    (tmp_path / "cost.json").write_text('{"settings": "x", "device": "cpu", "rounds": 5, "pictures": "4"}')
    with pytest.raises(NegjudgeError, match=r"field 'pictures' is '4', expected int\); remove it"):
        read_timings(tmp_path)
