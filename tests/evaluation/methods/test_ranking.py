"""How sources agree: kappa, the order of methods over the pairs that the reference separates, equal bias."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import synthetic
from sklearn.metrics import cohen_kappa_score

from negjudge.data.records import Sample
from negjudge.evaluation.evidence.scored import Scored
from negjudge.evaluation.methods.ranking import Ranking, ranking
from negjudge.evaluation.methods.table import comparisons
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import summary
from negjudge.statistics.metrics import cohen_kappa

OBJECTS = [f"object{n}" for n in range(12)]
ELEMENTS = [f"element{n}" for n in range(6)]
DRAWS = 200


def sample(method: str, thing: str, element: str) -> Sample:
    pair = f"{thing}-{element}"
    return Sample(
        id=f"{method}-{pair}", pair=pair, object=thing, element=element, prompt=thing, negative="",
        method=method, params={}, seed=0, image="x.png", sha256="", model="m", revision="0", steps=4,
        width=64, height=64, device="cpu", dtype="float32",
    )  # fmt: skip


def draw(rates: dict[str, float], seed: int = 0) -> list[Scored]:
    """Draw whether each method succeeds on each pair."""
    rng = random.Random(seed)
    found = []
    for method, rate in rates.items():
        for thing in OBJECTS:
            for element in ELEMENTS:
                yes = rng.random() < rate
                found.append(Scored(sample(method, thing, element), kept=True, removed=yes, success=yes))
    return found


def said(truth: list[Scored], change: dict[str, float], seed: int = 1) -> list[Scored]:
    """Return what a source says that misses this share of each method's successes."""
    rng = random.Random(seed)
    flipped = [one.success and rng.random() >= change[one.sample.method] for one in truth]
    return [Scored(one.sample, True, yes, yes) for one, yes in zip(truth, flipped, strict=True)]


def rank(**scored: list[Scored]) -> Ranking:
    compared = {source: comparisons(found, DRAWS) for source, found in scored.items()}
    found = ranking(scored, compared, DRAWS)
    assert found is not None
    return found


TRUTH = draw({"none": 0.05, "vsf": 0.9, "nag": 0.5, "nasa": 0.5})


def test_kappa_is_that_of_a_library() -> None:
    rng = np.random.default_rng(0)
    first = rng.random(200) < 0.3
    second = np.where(rng.random(200) < 0.2, ~first, first)
    found = cohen_kappa(first, second)(np.ones((1, 200)))[0]
    assert found == pytest.approx(cohen_kappa_score(first, second))
    assert np.isnan(cohen_kappa([1, 1], [1, 1])(np.ones((1, 2)))[0])


def test_agreement_of_every_two_sources_on_the_same_pictures() -> None:
    judge = said(TRUTH, dict.fromkeys(("none", "vsf", "nag", "nasa"), 0.3))
    found = rank(oracle=TRUTH, labels=TRUTH[:100], tuned=judge)
    assert [(a.first, a.second, a.pictures) for a in found.agreement] == [
        ("oracle", "labels", 100),
        ("oracle", "tuned", 288),
        ("labels", "tuned", 100),
    ]
    same, other, _ = found.agreement
    assert (same.equal.estimate, same.kappa.estimate) == (1.0, pytest.approx(1.0))
    calls = [one.success for one in TRUTH], [one.success for one in judge]
    assert other.equal.estimate == pytest.approx(np.mean(np.array(calls[0]) == np.array(calls[1])))
    assert other.kappa.estimate == pytest.approx(cohen_kappa_score(*calls))
    assert -1 <= (other.kappa.low or -2) < other.kappa.estimate < (other.kappa.high or 2) <= 1


def test_only_pairs_that_the_reference_separates_count() -> None:
    # The judge misses nearly every success of vsf: it puts nag and nasa above it, which is two reversals.
    judge = said(TRUTH, {"none": 0.0, "vsf": 0.8, "nag": 0.0, "nasa": 0.0})
    found = rank(oracle=TRUTH, gpt=judge)
    assert found.reference == "oracle"
    separated = {(pair.better, pair.worse) for pair in found.separated}
    assert separated == {("vsf", "none"), ("nag", "none"), ("nasa", "none"), ("vsf", "nag"), ("vsf", "nasa")}
    assert found.compared == 6
    assert all((pair.difference.low or 0) > 0 for pair in found.separated)
    oracle, gpt = found.sources
    assert oracle.ranking[0] == "vsf"
    assert (oracle.told, oracle.share) == (None, None)
    assert gpt.ranking[2] == "vsf"
    assert (gpt.told, gpt.same, gpt.share) == (5, 3, 0.6)
    assert set(gpt.reversed) == {("vsf", "nag"), ("vsf", "nasa")}


def test_bias_by_method_and_its_spread() -> None:
    judge = said(TRUTH, {"none": 0.0, "vsf": 0.8, "nag": 0.0, "nasa": 0.0})
    found = rank(oracle=TRUTH, tuned=judge)
    biases = {bias.method: bias.difference for bias in found.bias}
    true = [one.success for one in TRUTH if one.sample.method == "vsf"]
    claimed = [one.success for one in judge if one.sample.method == "vsf"]
    assert biases["vsf"].estimate == pytest.approx(np.mean(claimed) - np.mean(true))
    assert biases["nag"].estimate == 0
    (spread,) = found.spread
    assert spread.least == "vsf"
    assert spread.difference.estimate == pytest.approx(-biases["vsf"].estimate)
    assert (spread.difference.adjusted or 1) < 0.01


def test_the_same_bias_everywhere_is_no_spread() -> None:
    truth = draw({"vsf": 0.9, "nag": 0.5})
    # Every success of an odd pair is missed, whatever the method, where both methods succeed.
    both = {one.sample.pair for one in truth if one.sample.method == "nag" and one.success}
    both &= {one.sample.pair for one in truth if one.sample.method == "vsf" and one.success}
    wrong = set(sorted(both)[::2])
    judge = [Scored(o.sample, True, True, o.success and o.sample.pair not in wrong) for o in truth]
    found = rank(labels=truth, tuned=judge)
    assert all(bias.difference.estimate < -0.1 for bias in found.bias)
    assert found.spread[0].difference.estimate == 0
    assert found.sources[1].share == 1.0


def test_without_truth_there_is_agreement_alone_and_without_two_sources_nothing() -> None:
    found = rank(tuned=TRUTH, gpt=TRUTH)
    assert (found.reference, found.sources, len(found.agreement)) == (None, (), 1)
    assert ranking({"oracle": TRUTH}, {"oracle": []}, DRAWS) is None


def test_a_run_has_it_in_its_metrics_and_on_the_terminal(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, control=False)
    metrics = evaluate(synthetic.recipe_for(run), run)
    found = metrics.ranking
    assert found.reference == "oracle"
    assert [row.source for row in found.sources] == ["oracle", "labels", "tuned", "base"]
    rates = {row.method: row.success for row in metrics.methods["tuned"]}
    assert found.sources[2].rates == rates
    text = "\n".join(summary(metrics))
    assert f"{len(found.separated)} of 3 pairs are separated by the oracle" in text
    assert "the oracle and the annotators' labels" in text
