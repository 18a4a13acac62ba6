"""Seeds go by pair, and the control names another element."""

import pytest

from negjudge.data.splits import read_splits
from negjudge.generation.jobs import PictureSet, jobs_of, seed_of, wrong_negatives
from negjudge.guidance import VSF, Plain


@pytest.fixture
def splits(recipe_values):
    return read_splits(recipe_values["splits"])


def test_seeds_are_shared_by_methods_and_by_no_two_pairs(pairs):
    jobs = jobs_of(list(pairs.values()), [Plain(), VSF()], seeds=4)
    seeds = {(job.pair.id, job.seed) for job in jobs}
    assert len(jobs) == len(pairs) * 2 * 4
    assert len(seeds) == len({seed for _, seed in seeds}) == len(pairs) * 4
    assert all(0 <= seed < 2**31 for _, seed in seeds)


def test_more_seeds_keep_the_first_ones(pairs):
    few, many = (jobs_of(list(pairs.values()), [VSF()], seeds) for seeds in (2, 5))
    assert many[: len(few)] == few


def test_seeds_never_change(pairs):
    assert seed_of(pairs["bicycle-wheels"], 0) == 1258097489


def test_the_control_names_another_element_of_the_object(pairs):
    control = wrong_negatives(list(pairs.values()), pairs.values())
    assert {pair.id for pair in control} == set(pairs) - {"cat-tail"}  # a cat has nothing else
    for pair in control:
        assert pair.element == pairs[pair.id].element
        assert pair.negative in {p.negative for p in pairs.values() if p.object == pair.object}
        assert pair.negative != pairs[pair.id].negative


def test_the_control_leaves_out_unguided_pictures(pairs, splits):
    jobs = PictureSet(["methods/test"], 2).control(pairs, splits, [Plain(), VSF()])
    assert {job.method for job in jobs} == {VSF()}
    assert len(jobs) == 6
