"""Bias by method and its spread, counted out."""

from __future__ import annotations

import pytest
import recorded

from negjudge.evaluation.evidence.scored import Scored
from negjudge.evaluation.methods.bias import biases, by_method, spread

PAIRS = [f"object{n}-element{n}" for n in range(10)]
DRAWS = 50


def scored(method: str, successes: str, seed: int = 0) -> list[Scored]:
    """A picture of each pair: "1" where it succeeds."""
    return [
        Scored(recorded.sample(pair, method, seed), True, yes == "1", yes == "1")
        for pair, yes in zip(PAIRS, successes, strict=False)
    ]


def truth_of(*groups: list[Scored]) -> dict[str, Scored]:
    return {one.sample.id: one for group in groups for one in group}


TRUTH = truth_of(scored("vsf", "1111100000"), scored("nag", "1100000000"), scored("none", "0000000000"))


def test_bias_is_the_share_said_less_the_share_true() -> None:
    said = scored("vsf", "1110000000") + scored("nag", "1111000000")
    nag, vsf = sorted(biases("tuned", said, TRUTH, DRAWS), key=lambda one: one.method)
    assert (vsf.source, vsf.pictures, vsf.pairs) == ("tuned", 10, 10)
    assert vsf.difference.estimate == pytest.approx(0.3 - 0.5)
    assert (vsf.difference.more, vsf.difference.less) == (0, 2)
    assert nag.difference.estimate == pytest.approx(0.4 - 0.2)
    assert (nag.difference.more, nag.difference.less) == (2, 0)


def test_the_spread_is_between_the_two_that_differ_most_and_points_up() -> None:
    said = scored("vsf", "1110000000") + scored("nag", "1111000000") + scored("none", "0000000000")
    found = spread("tuned", said, TRUTH, DRAWS)
    assert found is not None
    assert (found.most, found.least) == ("nag", "vsf")
    assert found.difference.estimate == pytest.approx(0.2 - (-0.2))
    assert found.difference.adjusted is not None
    assert found.difference.p is not None
    assert found.difference.p <= found.difference.adjusted <= 3 * found.difference.p + 1e-12


def test_the_same_bias_everywhere_is_no_spread_though_it_is_a_bias() -> None:
    said = scored("vsf", "1111000000") + scored("nag", "1000000000")
    assert {round(one.difference.estimate, 9) for one in biases("tuned", said, TRUTH, DRAWS)} == {-0.1}
    found = spread("tuned", said, TRUTH, DRAWS)
    assert found is not None
    assert found.difference.estimate == 0


def test_only_pairs_and_seeds_in_common_are_compared() -> None:
    there = scored("nag", "11", seed=1)
    truth = TRUTH | truth_of(there)
    said = scored("vsf", "1111100000") + there
    assert spread("tuned", said, truth, DRAWS) is None
    assert spread("tuned", scored("vsf", "11111"), truth, DRAWS) is None
    half = scored("vsf", "1111100000") + scored("nag", "11111")
    found = spread("tuned", half, truth, DRAWS)
    assert found is not None
    assert found.difference.estimate == pytest.approx(3 / 5)  # of the five pairs that both have


def test_pictures_are_found_by_method_pair_and_seed() -> None:
    found = by_method(scored("nag", "1") + scored("vsf", "1") + scored("vsf", "0", seed=1))
    assert list(found) == ["vsf", "nag"]  # in the order of the tables
    assert {key: one.success for key, one in found["vsf"].items()} == {
        (PAIRS[0], 0): True,
        (PAIRS[0], 1): False,
    }
