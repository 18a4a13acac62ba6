"""What methods are compared by: pictures of one pair and seed, or pairs where few seeds are in common."""

from __future__ import annotations

import dataclasses

import pytest

from negjudge.data.records import Sample
from negjudge.evaluation.evidence.scored import Scored
from negjudge.evaluation.methods.table import comparisons, methods_table
from negjudge.evaluation.stage import finding
from negjudge.evaluation.summary import caveats

PAIRS = [(f"object{n % 9}", f"element{n}") for n in range(18)]


def scored(method: str, seeds: tuple[int, ...], good: float) -> list[Scored]:
    """Pictures of every pair, the first share of the pairs successful."""
    found = []
    for number, (thing, element) in enumerate(PAIRS):
        for seed in seeds:
            sample = Sample(
                id=f"{method}-{number}-{seed}", pair=f"{thing}-{element}", object=thing, element=element,
                prompt="", negative="", method=method, params={}, seed=seed, image="x.png", sha256="",
                model="m", revision="0", steps=4, width=8, height=8, device="cpu", dtype="float32",
            )  # fmt: skip
            yes = number < good * len(PAIRS)
            found.append(Scored(sample, kept=True, removed=yes, success=yes))
    return found


@pytest.mark.parametrize(
    ("seeds", "paired_by", "pictures"),
    [
        ((0, 1), "pair and seed", 36),
        ((1, 2), "pair, few seeds", 36),
        ((4, 5), "pair", 36),
        ((0, 1, 2), "pair, few seeds", 54),
    ],
)
def test_few_seeds_in_common_leave_no_picture_out(
    seeds: tuple[int, ...], paired_by: str, pictures: int
) -> None:
    found = scored("none", (0, 1), 0.25) + scored("vsf", seeds, 0.75)
    success = next(c for c in comparisons(found, 200) if c.measure == "success")
    assert (success.paired_by, success.pictures, success.pairs) == (paired_by, pictures, 18)
    assert success.difference.estimate == pytest.approx((14 - 5) / 18)
    tables, compared = {"labels": methods_table(found, 200)}, {"labels": comparisons(found, 200)}
    assert (finding(tables, compared) is None) == (paired_by == "pair")


def test_methods_that_the_best_is_not_told_from_are_named() -> None:
    methods = {"none": 0.05, "vsf": 0.75, "nag": 0.7, "cfg": 0.1}
    found = [one for name, rate in methods.items() for one in scored(name, (0, 1), rate)]
    few = scored("gpt", (0, 1), 0.7)
    found += [one for one in few if one.sample.pair in {one.sample.pair for one in few[:3]}]
    compared = comparisons(found, 200)
    best = finding({"tuned": methods_table(found, 200)}, {"tuned": compared})
    assert best is not None
    assert caveats(best, {"tuned": compared}) == ["NAG is not told apart from it."]


def test_a_finding_says_what_stands_against_it() -> None:
    found = scored("none", (0, 1), 0.25) + scored("vsf", (0, 1), 0.75)
    undecided = [dataclasses.replace(one, decided=n % 2 == 0) for n, one in enumerate(found)]

    def told(pictures: list[Scored], withstands: bool | None) -> list[str]:
        compared = [dataclasses.replace(c, withstands=withstands) for c in comparisons(pictures, 200)]
        best = finding({"tuned": methods_table(pictures, 200)}, {"tuned": compared})
        assert best is not None
        return caveats(best, {"tuned": compared})

    assert told(found, None) == told(found, True) == []
    assert told(undecided, None) == [
        "On 50 % of them the tuned judge did not decide, which counts as failed."
    ]
    assert len(told(undecided, False)) == 2
    few = [one for one in found if one.sample.pair in sorted({one.sample.pair for one in found})[:9]]
    assert told(few, None) == [
        "9 test pairs are few: what the intervals cover was simulated with 16 and more."
    ]
