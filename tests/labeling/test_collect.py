"""What the simulated annotators are asked, and what they must answer."""

import lab
import pytest
import voters

from negjudge.errors import NegjudgeError
from negjudge.labeling.collect import ask
from negjudge.labeling.recipe import LabelRecipe


def test_a_voter_answers_the_same_in_one_go_and_in_parts(tmp_path):
    samples, recipe = lab.fill(tmp_path, 120), LabelRecipe(**lab.recipe_values(tmp_path))
    whole = ask(voters.vote, recipe, tmp_path, samples)
    parts = [ask(voters.vote, recipe, tmp_path, part) for part in (samples[:70], samples[70:])]
    assert whole == parts[0] | parts[1]
    assert len(whole) == 360
    assert all(
        [vote.question for vote in votes] == ["object", "element", "quality"] for votes in whole.values()
    )


@pytest.mark.parametrize(
    ("voter", "annotators", "reason"),
    [
        (voters.one_annotator, ["annotator-1", "annotator-2"], "gave no vote: annotator annotator-2"),
        (voters.vote, ["annotator-1"], "gave a vote that nobody asked for: annotator annotator-2"),
    ],
)
def test_a_voter_that_does_not_fit_the_recipe_is_named(tmp_path, voter, annotators, reason):
    recipe = LabelRecipe(**lab.recipe_values(tmp_path, annotators=annotators))
    with pytest.raises(NegjudgeError, match=f"voters:vote {reason}, sample "):
        ask(voter, recipe, tmp_path, lab.fill(tmp_path, 3))
