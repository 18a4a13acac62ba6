"""The search has equal budgets, tries no setting twice, and goes on where it stopped."""

import dataclasses

import pytest
from searched import CONTESTANTS, SPACES, with_search

from negjudge.data.records import Sample, read_records
from negjudge.data.runs import HISTORY
from negjudge.errors import NegjudgeError
from negjudge.oracle.outcomes import Outcome
from negjudge.tuning.objective import Contestant, Search
from negjudge.tuning.search import best_of, search, search_all, summarise
from negjudge.tuning.trials import Trial


def test_budgets_are_equal_in_settings_and_evaluations(objective):
    found = search_all(with_search(objective, 4), list(CONTESTANTS.values()))
    trials = read_records(objective.folder / HISTORY, Trial)
    assert list(found) == list(SPACES)
    for method in SPACES:
        mine = [trial for trial in trials if trial.method == method]
        assert [trial.number for trial in mine] == [0, 1, 2, 3]
        assert {trial.evaluations for trial in mine} == {3 * 2 * objective.rendering.steps}
        assert {trial.pictures for trial in mine} == {3 if method == "cfg" else 6}
        assert [trial.best for trial in mine] == [max(t.success for t in mine[: n + 1]) for n in range(4)]
        assert best_of(found[method]).success == mine[-1].best
        for trial in mine:
            for name, value in trial.params.items():
                low, high, step = SPACES[method][name]
                assert low <= value <= high
                assert (value - low) / step == pytest.approx(round((value - low) / step))


def test_words_are_chosen_among_and_stand_in_every_picture(objective):
    contestant = Contestant("nasa", "nasa", {"scale": [0, 0.8, 0.1], "padding": ["none", "full"]})
    objective = with_search(objective, 8)
    trials = list(search(objective, contestant))
    assert {trial.params["padding"] for trial in trials} == {"none", "full"}
    for trial in trials:
        made = read_records(objective.folder / f"trials/nasa-{trial.number:03d}/samples.jsonl", Sample)
        assert {sample.params["padding"] for sample in made} == {trial.params["padding"]}
    assert f"padding {trials[0].params['padding']}" in trials[0].summary()
    assert list(search(objective, contestant)) == trials


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            {"scale": [0, 0.8]},
            r"spaces: nasa.scale is \[0, 0.8\], expected \[lowest, highest, step\] or words",
        ),
        ({"scale": [1, 0, 0.1]}, r"spaces: nasa.scale is \[1, 0, 0.1\], expected"),
        ({"padding": ["none"]}, r"spaces: nasa.padding is \['none'\], expected"),
        ({"padding": ["none", "none"]}, "spaces: nasa.padding is"),
        ({"padding": ["none", "half"]}, "spaces: nasa: NASA's padding is 'half', expected one of none, full"),
        ({"scale": [-1, 2, 0.5]}, "spaces: nasa: NASA's scale is -1, expected"),
        ({"scales": [0, 2, 0.5]}, "spaces: nasa: guidance method 'nasa' has no setting 'scales'"),
        ({}, "spaces: nasa is empty; name a parameter to search"),
    ],
)
def test_a_space_that_is_none_is_refused_before_a_picture_is_made(objective, space, message):
    with pytest.raises(NegjudgeError, match=message):
        search_all(objective, [CONTESTANTS["vsf"], Contestant("nasa", "nasa", space)])
    assert not (objective.folder / "trials").exists()


def test_more_trials_than_a_method_has_settings_are_refused_before_the_first(objective):
    contestants = [CONTESTANTS["vsf"], Contestant("nasa", "nasa", {"scale": [0, 0.8, 0.4]})]
    with pytest.raises(NegjudgeError, match="spaces: nasa has 3 settings, fewer than the 4 to try of each"):
        search_all(with_search(objective, 4), contestants)
    assert not (objective.folder / HISTORY).exists()


def test_a_stopped_search_goes_on_as_if_it_had_not(objective, tmp_path):
    whole = list(search(with_search(objective, 5), CONTESTANTS["vsf"]))
    half = with_search(objective, 5, folder=tmp_path / "half")
    stopped = search(half, CONTESTANTS["vsf"])
    for _ in range(3):
        next(stopped)
    stopped.close()
    assert list(search(half, CONTESTANTS["vsf"])) == whole
    assert len(read_records(half.folder / HISTORY, Trial)) == 5


def test_no_setting_is_tried_twice_while_others_are_left(objective, tmp_path):
    few = Contestant("nasa", "nasa", {"scale": [0, 0.4, 0.2], "padding": ["none", "full"]})
    objective = with_search(objective, 7)
    found = [tuple(trial.params.values()) for trial in search(objective, few)]
    assert len(found) == 7
    assert set(found[:6]) == {(scale, padding) for scale in (0, 0.2, 0.4) for padding in ("none", "full")}
    assert list(search(objective, few))[-1].params == dict(zip(few.space, found[-1], strict=True))
    again = with_search(objective, 7, folder=tmp_path / "again")
    free = dataclasses.replace(again, search=Search(7, repeats=True))
    freely = [tuple(trial.params.values()) for trial in search(free, few)]
    assert len(set(freely)) < 6
    with pytest.raises(NegjudgeError, match="another search"):
        next(search(again, few))


def test_the_history_of_another_search_is_refused(objective):
    list(search(objective, CONTESTANTS["nasa"]))
    with pytest.raises(NegjudgeError, match="another search"):
        list(search(objective, Contestant("nasa", "nasa", {"scale": [0, 0.5, 0.1]})))


def test_the_seed_of_the_sampler_decides_the_settings(objective, tmp_path):
    benches = with_search(objective, 3), with_search(objective, 3, 1, folder=tmp_path / "other")
    here, there = (list(search(one, CONTESTANTS["vsf"])) for one in benches)
    assert [t.params for t in here] != [t.params for t in there]


def test_collateral_is_the_mean_where_there_was_something_to_lose():
    outcomes = [
        Outcome(True, True, True, 0.5),
        Outcome(True, False, False, None),
        Outcome(False, True, False, 1.0),
    ]
    rates = summarise(outcomes)
    assert rates == pytest.approx({"success": 1 / 3, "kept": 2 / 3, "removed": 2 / 3, "collateral": 0.75})


@pytest.mark.parametrize("values", [[0, 1], [1, 0, 0.1], [0, 1, 0]])
def test_a_space_that_is_no_range_is_named(objective, values):
    with pytest.raises(NegjudgeError, match=r"nasa\.scale"):
        list(search(objective, Contestant("nasa", "nasa", {"scale": values})))
