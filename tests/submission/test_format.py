"""A submission's files and figures: what is written is read, and outcomes give the figures that they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from negjudge.data.records import Pair
from negjudge.submission.format import (
    DIGITS,
    FORMAT,
    Benchmark,
    Entrant,
    OutcomeLine,
    Search,
    Submission,
    Witness,
    figures_of,
    write_submission,
)
from negjudge.submission.reading import read_claims, read_outcomes

PAIRS = {
    f"{obj}-{part}": Pair(f"{obj}-{part}", obj, part, f"a {obj}", part)
    for obj, part in [("car", "wheels"), ("cat", "tail"), ("cup", "handle")]
}
SEARCH = Search("TPE", 4, 512, ("dog-ears",))
ENTRANTS = (
    Entrant("none", {}, "m", "0", 8, 8, None),
    Entrant("vsf", {"scale": 1.5}, "m", "0", 8, 8, SEARCH),
)


def outcome(pair: str, method: str, seed: int, kept: bool, removed: bool, **changes: object) -> OutcomeLine:
    digest = f"{pair}{method}{seed}".ljust(64, "0")
    values: dict[str, object] = {"source": "oracle", "collateral": None, **changes}
    return OutcomeLine(
        pair=pair, method=method, seed=seed, sha256=digest, kept=kept, removed=removed,
        success=kept and removed, **values,  # type: ignore[arg-type]
    )  # fmt: skip


# Guidance succeeds with the first seed and loses the object with the second; without it nothing happens.
OUTCOMES = [
    one
    for pair in PAIRS
    for seed in range(2)
    for one in (
        outcome(pair, "none", seed, True, False),
        outcome(pair, "vsf", seed, seed == 0, True, collateral=1 / 3),
    )
]


def test_figures_are_the_means_of_the_outcomes() -> None:
    (none, vsf), _ = figures_of(OUTCOMES, ENTRANTS, PAIRS, draws=50)
    assert (none.source, none.method, none.pictures, none.pairs) == ("oracle", "none", 6, 3)
    assert (none.kept.estimate, none.removed.estimate, none.success.estimate) == (1.0, 0.0, 0.0)
    assert (vsf.kept.estimate, vsf.removed.estimate, vsf.success.estimate) == (0.5, 1.0, 0.5)
    assert none.collateral is None
    assert vsf.collateral is not None
    assert vsf.collateral.estimate == 0.333333
    assert vsf.collateral.low == round(vsf.collateral.low or 0.0, DIGITS)


def test_differences_are_paired_and_each_source_stands_for_itself() -> None:
    labels = [outcome(one.pair, one.method, one.seed, True, True, source="labels") for one in OUTCOMES]
    figures, gaps = figures_of([*OUTCOMES, *labels], ENTRANTS, PAIRS, draws=50)
    assert [(one.source, one.method) for one in figures] == [
        ("oracle", "none"), ("oracle", "vsf"), ("labels", "none"), ("labels", "vsf"),
    ]  # fmt: skip
    found = {(one.source, one.measure): one for one in gaps}
    gap = found["oracle", "success"]
    assert (gap.first, gap.second, gap.paired_by, gap.pictures, gap.pairs) == (
        "vsf",
        "none",
        "pair and seed",
        6,
        3,
    )
    assert gap.estimate == 0.5
    assert found["labels", "success"].estimate == 0.0


@pytest.mark.parametrize("contact", ["", "someone@example.org — für Fragen"])
def test_what_is_written_is_read(tmp_path: Path, contact: str) -> None:
    figures, gaps = figures_of(OUTCOMES, ENTRANTS, PAIRS, draws=50)
    claims = Submission(
        FORMAT, Benchmark("mini", "0" * 64, "1" * 64), ENTRANTS, False, "unlike",
        (Witness("oracle", "me:read"),), 50, figures, gaps, "a test", contact, versions={"numpy": "2"},
    )  # fmt: skip
    write_submission(tmp_path, claims, OUTCOMES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outcomes.jsonl", "submission.json"]
    assert read_claims(tmp_path) == claims
    assert read_outcomes(tmp_path) == (OUTCOMES, [])
