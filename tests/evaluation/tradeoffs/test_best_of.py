"""The picture that is picked among n, over all subsets, counted out."""

import itertools
import random

import pytest
import synthetic

from negjudge.evaluation.evidence.evidence import gather
from negjudge.evaluation.evidence.scored import by_oracle
from negjudge.evaluation.methods.table import methods_table
from negjudge.evaluation.tradeoffs.best_of import best_of_n, picked


def counted(scores, successes, n):
    """Go through every subset; among pictures of equal score each is picked as often."""
    found = []
    for subset in itertools.combinations(range(len(scores)), n):
        best = max(scores[i] for i in subset)
        tied = [successes[i] for i in subset if scores[i] == best]
        found.append(sum(tied) / len(tied))
    return sum(found) / len(found)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("values", [(0.0, 1.0), (0.1, 0.2, 0.3, 0.4, 0.5)], ids=["ties", "few ties"])
def test_it_is_the_mean_over_all_subsets(n, values):
    draw = random.Random(n)
    for _ in range(20):
        scores = [draw.choice(values) for _ in range(5)]
        successes = [draw.random() < 0.5 for _ in range(5)]
        assert picked(scores, successes, n) == pytest.approx(counted(scores, successes, n))


def test_who_knows_finds_a_success_wherever_there_is_one():
    successes = [False, True, False, False]
    scores = [float(s) for s in successes]
    assert [picked(scores, successes, n) for n in (1, 2, 3, 4)] == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_one_of_one_is_the_methods_own_rate_with_its_interval(tmp_path):
    run = synthetic.make_run(tmp_path, judges=False, control=False)
    evidence = gather(synthetic.recipe_for(run), run)
    scored = by_oracle(evidence)
    found = best_of_n(evidence, scored, "oracle", {"none": 4, "vsf": 4}, 200)
    rates = {row.method: row.success for row in methods_table(scored, 200)}
    assert {row.method: row.success for row in found if row.n == 1} == {
        method: rates[method] for method in ("none", "vsf")
    }
