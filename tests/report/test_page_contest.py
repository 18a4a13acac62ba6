"""The contest on the page: no guidance in its figures, corrected p-values, what is held equal in words."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import synthetic

from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.tradeoffs.frontier import Frontiers, Gap, Held, Matched, Point
from negjudge.evaluation.tradeoffs.tables import ContestTables
from negjudge.report.page import render
from negjudge.report.tables.all import run_tables
from negjudge.statistics.clusters import Difference, Interval
from negjudge.tuning.frozen import PRIMARY_OUTCOME, Chosen, Frozen, Level, freeze

SETTING = {"scale": 1.5}


def rate(estimate: float) -> Interval:
    return Interval(estimate, estimate - 0.1, estimate + 0.1)


def contest(source: str, frozen: Frozen) -> ContestTables:
    """Return a contest of two settings; VSF's lead is clear of 0, and not after correction."""
    unguided, *points = [
        Point(m, SETTING, True, 8, rate(0.4), rate(0.4), rate(0.4), rate(0.4), rate(0.4))
        for m in ("none", "vsf", "nag")
    ]
    lead = Difference(0.2, 0.01, 0.39, p=0.04, more=0, less=0, adjusted=0.08)
    held, gaps = (Held("vsf", rate(0.6)), Held("nag", rate(0.4))), (Gap("vsf", "nag", lead),)
    matched = tuple(Matched(measure, 0.8, 0.125, held, gaps) for measure in ("kept", "quality"))
    frontiers = Frontiers(8, 8, unguided, tuple(points), matched)
    return ContestTables(frozen, frozen.digest, source, frontiers, best_of=(), cost=None)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    run = synthetic.make_run(tmp_path_factory.mktemp("contest"))
    recipe = synthetic.recipe_for(run)
    metrics = evaluate(recipe, run)
    contestants = {m: Chosen(m, (SETTING,), {}, 1) for m in ("vsf", "nag")}
    frozen = Frozen(PRIMARY_OUTCOME, contestants, (Level("kept", 0.8),), (), 1, 1, "0" * 16, "0" * 64, {})
    freeze(run, frozen)
    return run, recipe, dataclasses.replace(metrics, contest=contest("oracle", frozen))


def test_no_guidance_is_drawn_and_named_where_the_frontier_is(held: tuple[Path, Any, Any]) -> None:
    run, recipe, metrics = held
    page = render(recipe, run, metrics)
    for axes in ("kept against removed", "collateral against success"):
        (figure,) = re.findall(rf'aria-label="{axes} at every frozen setting".*?</figure>', page, re.DOTALL)
        assert ">no guidance<" in figure
        assert "No guidance is a point of every contestant’s hull" in figure


def test_differences_at_matched_levels_stand_with_their_corrected_p(held: tuple[Path, Any, Any]) -> None:
    table = run_tables(held[2])["matched-1-kept"]
    (cell,) = (row.cells[2] for row in table.rows if row.cells[0].text == "NAG")
    assert (cell.text, cell.line) == ("−20", "−39 to −1, p 0.080")
    assert "corrected by Holm’s method" in table.caption


def test_a_contest_with_no_matched_levels_has_a_page(held: tuple[Path, Any, Any]) -> None:
    run, recipe, metrics = held
    frontiers = dataclasses.replace(metrics.contest.frontiers, matched=())
    less = dataclasses.replace(metrics, contest=dataclasses.replace(metrics.contest, frontiers=frontiers))
    whole, page = render(recipe, run, metrics), render(recipe, run, less)
    assert "All differences at matched levels" in whole
    assert "All differences at matched levels" not in page
    assert "Every frozen setting" in page


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "oracle",
            "lower is better: it is held at 0.125 or less, the residual without guidance divided by 0.8.",
        ),
        ("tuned", "the expected rating: it is held at 0.12 or more, 0.8 times the rating without guidance."),
    ],
)
def test_a_share_of_the_quality_is_said_in_the_sources_own_measure(
    held: tuple[Path, Any, Any], source: str, said: str
) -> None:
    metrics = held[2]
    told = dataclasses.replace(metrics.contest, source=source)
    tables = run_tables(dataclasses.replace(metrics, contest=told))
    assert said in tables["matched-2-quality"].caption
    assert "it is held" not in tables["matched-1-kept"].caption
