"""Seeds go by pair, the control names another element, and drawn strengths are for the judge alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negjudge.data.records import Pair
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.generation.jobs import (
    DRAWN_SEEDS,
    PictureSet,
    drawn_jobs,
    drawn_seed,
    jobs_of,
    require_tuned,
    seed_of,
    wrong_negatives,
)
from negjudge.generation.strengths import Spaces
from negjudge.guidance import NASA, VSF, Plain


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


METHODS = [Plain(), VSF(), NASA()]


@pytest.fixture
def spaces():
    return Spaces({"vsf": {"scale": [0, 4, 0.05]}, "nasa": {"scale": [0, 0.8, 0.02]}}, {})


def test_drawn_pictures_serve_the_judge_alone_from_seeds_of_their_own(pairs, splits, spaces):
    tuned, drawn = (
        PictureSet(["methods/test"], 6, kind).jobs(pairs, splits, METHODS, spaces)
        for kind in ("tuned", "drawn")
    )
    assert [(job.pair, job.method.name) for job in drawn] == [(job.pair, job.method.name) for job in tuned]
    assert not {job.seed for job in drawn} & {job.seed for job in tuned}
    assert {job.serves for job in tuned} == {"any"}
    assert {job.serves for job in drawn} == {"judge"}
    assert {job.method for job in tuned} == set(METHODS)
    assert len({job.method for job in drawn}) > 10


@given(number=st.integers(0, 10**6), other=st.integers(0, 10**6), name=st.text(max_size=20))
def test_no_tuned_seed_is_a_drawn_one(number, other, name):
    pair = Pair(name, "bicycle", "wheels", "a bicycle", "wheels")
    assert seed_of(pair, number) < DRAWN_SEEDS <= drawn_seed(pair, other) < 2**32


def test_a_drawn_setting_depends_on_nothing_but_pair_method_and_seed(pairs, spaces):
    every = list(pairs.values())
    whole = drawn_jobs(every, ["none", "vsf", "nasa"], 6, spaces, together=2)
    fewer = drawn_jobs(every[1:], ["vsf"], 4, spaces, together=2)
    assert set(fewer) < set(whole)


@pytest.mark.parametrize("together", [1, 2, 3])
def test_pictures_of_a_pair_share_settings_and_forwards(pairs, spaces, together):
    jobs = drawn_jobs(list(pairs.values())[:1], ["none", "vsf"], 6, spaces, together)
    settings = [job.method for job in jobs if job.method.guides]
    groups = [set(settings[start : start + together]) for start in range(0, 6, together)]
    assert [len(group) for group in groups] == [1] * (6 // together)
    assert len(set(settings)) == 6 // together
    assert {job.batch for job in jobs if job.method.guides} == {together}
    assert {job.batch for job in jobs if not job.method.guides} == {None}


def test_drawn_strengths_need_spaces_and_only_the_judges_pictures_have_them(pairs, splits):
    drawn = PictureSet(["methods/test"], 1, "drawn")
    with pytest.raises(NegjudgeError, match="no spaces to draw them from"):
        drawn.jobs(pairs, splits, [Plain()])
    assert PictureSet(["methods/test"], 0, "drawn").jobs(pairs, splits, [Plain()]) == []
    with pytest.raises(ValueError, match=r"key 'control\.strengths'"):
        require_tuned(test=PictureSet(), control=drawn)
    with pytest.raises(ValueError, match="key 'together' is 0"):
        PictureSet(together=0)
