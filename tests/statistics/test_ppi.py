"""Rates from few labels agree with ppi-python, cover, and refuse labels that were not drawn at random."""

from __future__ import annotations

import numpy as np
import ppi_py
import pytest

from negjudge.errors import NegjudgeError
from negjudge.statistics.clusters import Clusters
from negjudge.statistics.ppi import Labelled, cross_fitted, difference, powered, rates


def judged(
    size: int, labels: int, seed: int = 0, accuracy: float = 0.85
) -> tuple[Labelled, np.ndarray, list[int]]:
    """Return independent pictures, the first ones labelled, their true outcomes, and a cluster each."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(size) < 0.4).astype(float)
    calls = np.where(rng.random(size) < accuracy, truth, 1 - truth)
    known = np.where(np.arange(size) < labels, truth, np.nan)
    return Labelled.of(known, calls, labels / size), truth, list(range(size))


def test_by_hand() -> None:
    # Three times over, the judge calls 2 of 4 labelled and 5 of all 8.
    # The slope of labels (1, 1, 1, 0) on calls (1, 1, 0, 0) is 1/2.
    labels = [1, 1, 1, 0, *[np.nan] * 4] * 3
    data = Labelled.of(labels, [1, 1, 0, 0, 1, 1, 1, 0] * 3, 0.5)
    found = rates(data, Clusters(range(24)))
    assert found.power == pytest.approx(0.5)
    assert found.people.estimate == pytest.approx(0.75)
    assert found.judge.estimate == pytest.approx(5 / 8)
    assert found.powered.estimate == found.of_pictures.estimate == pytest.approx(0.75 + 0.5 / 8)


def test_independent_pictures_are_the_case_of_ppi_python() -> None:
    data, _, names = judged(1500, 300)
    known = data.known
    arguments = (data.labels[known], data.predictions[known], data.predictions[~known])
    found = rates(data, Clusters(names, draws=3000))
    estimate = float(np.squeeze(ppi_py.ppi_mean_pointestimate(*arguments)))
    low, high = (float(np.squeeze(end)) for end in ppi_py.ppi_mean_ci(*arguments, alpha=0.05))
    assert found.powered.estimate == pytest.approx(estimate, abs=1e-3)
    assert found.powered.low == pytest.approx(low, abs=0.005)
    assert found.powered.high == pytest.approx(high, abs=0.005)


def test_a_useless_judge_spares_nothing_and_a_perfect_one_all_labels() -> None:
    useless, _, names = judged(800, 200, accuracy=0.5)
    found = rates(useless, Clusters(names))
    assert abs(found.saved) < 0.05
    perfect, truth, _ = judged(800, 200, accuracy=1.0)
    found = rates(perfect, Clusters(names))
    assert found.worth == pytest.approx(800)
    assert found.of_pictures.estimate == pytest.approx(truth.mean())
    assert found.of_pictures.high > found.of_pictures.estimate  # 200 right calls do not prove 600 more


def test_intervals_cover_where_the_judge_is_biased() -> None:
    covered: dict[str, list[bool]] = {"people": [], "judge": [], "powered": [], "of_pictures": []}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        effects = rng.normal(0, 1.5, 30)[np.repeat(np.arange(30), 6)]
        truth = (rng.random(180) < 1 / (1 + np.exp(-effects))).astype(float)
        calls = np.maximum(np.where(rng.random(180) < 0.85, truth, 1 - truth), rng.random(180) < 0.3)
        known = np.where(rng.permutation(180) < 60, truth, np.nan)
        clusters = Clusters(np.repeat(np.arange(30), 6).tolist(), draws=200)
        found = rates(Labelled.of(known, calls, 1 / 3), clusters)
        for name, hits in covered.items():
            interval, true = getattr(found, name), truth.mean() if name == "of_pictures" else 0.5
            hits.append(interval.low <= true <= interval.high)
    share = {name: np.mean(hits) for name, hits in covered.items()}
    # The standard error of 300 simulations is 0.013 at 0.95.
    assert all(0.91 <= share[name] <= 0.99 for name in ("people", "powered", "of_pictures"))
    assert share["judge"] < 0.6


def test_two_successes_do_not_tell_what_a_judge_is_worth() -> None:
    labels = [1, 1, *[0] * 18, *[np.nan] * 20]
    calls = [1, 1, *[0] * 18, *[1] * 20]
    found = rates(Labelled.of(labels, calls, 0.5), Clusters(range(40)))
    assert found.power == 0
    assert found.powered == found.people
    assert found.of_pictures.estimate == pytest.approx(0.1)
    assert rates(Labelled.of([1, 1, 1, *labels[3:]], calls, 0.5), Clusters(range(40))).power > 0


def test_unequal_chances_are_weighed() -> None:
    rng = np.random.default_rng(1)
    truth = np.repeat([1.0, 0.0], 2000)
    chance = np.repeat([0.8, 0.2], 2000)  # the successful ones are labelled four times as often
    known = np.where(rng.random(4000) < chance, truth, np.nan)
    one = np.ones((1, 4000))
    assert powered(Labelled.of(known, np.full(4000, 0.5), chance))(one)[0] == pytest.approx(0.5, abs=0.03)


def test_a_difference_drawn_together_is_narrower_than_apart() -> None:
    rng = np.random.default_rng(2)
    pairs = np.repeat(np.arange(40), 4)
    level = 1 / (1 + np.exp(-rng.normal(0, 2, 40)))[pairs]
    sides = []
    for _ in range(2):
        truth = (rng.random(160) < level).astype(float)
        sides.append(Labelled.of(np.where(rng.random(160) < 0.5, truth, np.nan), truth, 0.5))
    together = Clusters([*pairs, *pairs])
    apart = Clusters([*pairs, *(pairs + 40)])
    people, both = difference(*sides, together)
    _, separate = difference(*sides, apart)
    widths = [d.high - d.low for d in (both, people, separate) if d.high is not None and d.low is not None]
    assert widths[0] < widths[1]
    assert widths[0] < 0.8 * widths[2]


@pytest.mark.parametrize("chance", [0.0, np.nan, -0.1, 1.5])
def test_labels_without_a_chance_are_refused(chance: float) -> None:
    with pytest.raises(NegjudgeError, match="drawn at random"):
        Labelled.of([1, 0, np.nan], [1, 0, 1], [0.5, 0.5, chance])


def test_too_few_labels_and_missing_predictions_are_refused() -> None:
    with pytest.raises(NegjudgeError, match="label at least 2"):
        Labelled.of([1, np.nan], [1, 0], 0.5)
    with pytest.raises(NegjudgeError, match="judge all pictures"):
        Labelled.of([1, 0], [1, np.nan], 0.5)


def test_no_label_corrects_its_own_group() -> None:
    rng = np.random.default_rng(3)
    groups = list(np.repeat(np.arange(20), 5))
    readings = rng.random((100, 2))
    labels = (rng.random(100) < readings[:, 0]).astype(float)
    before = cross_fitted(readings, labels, groups)
    labels[:5] = 1 - labels[:5]
    after = cross_fitted(readings, labels, groups)
    assert before[:5] == pytest.approx(after[:5])
    assert not np.allclose(before, after)
    assert np.corrcoef(before, readings[:, 0])[0, 1] > 0.8
