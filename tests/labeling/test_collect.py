"""What the simulated annotators are asked, and what they must answer."""

import lab
import pytest
import voters

from negjudge.data.records import Pair
from negjudge.errors import NegjudgeError
from negjudge.labeling.collect import ask
from negjudge.labeling.parts import parts_asked
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


def test_a_voter_is_given_the_parts_only_where_there_are_any(tmp_path):
    samples, recipe = lab.fill(tmp_path, 3), LabelRecipe(**lab.recipe_values(tmp_path))
    parts = {sample.id: ("bell",) for sample in samples[1:]}
    asked = ask(voters.vote_on_parts, recipe, tmp_path, samples, parts)
    more = [vote for votes in asked.values() for vote in votes[3:]]
    assert {(vote.sample, vote.question) for vote in more} == {(one, "part:bell") for one in parts}
    assert len(more) == 6
    assert ask(voters.vote_on_parts, recipe, tmp_path, samples) == ask(voters.vote, recipe, tmp_path, samples)
    with pytest.raises(NegjudgeError, match="voters:vote takes no 'parts', which keep_questions asks about"):
        ask(voters.vote, recipe, tmp_path, samples, parts)


def test_the_parts_are_those_of_the_pair_and_at_most_four(tmp_path):
    samples = lab.fill(tmp_path, 2)
    pairs = {sample.pair: Pair(sample.pair, "a", "b", "a", "b", others=tuple("bcdefg")) for sample in samples}
    assert parts_asked(samples, pairs) == dict.fromkeys((s.id for s in samples), ("c", "d", "e", "f"))
    with pytest.raises(NegjudgeError, match=f"'{samples[1].pair}' is none of them; see key 'pairs'"):
        parts_asked(samples, {samples[0].pair: pairs[samples[0].pair]})
    with pytest.raises(ValueError, match="'keep_questions' needs the file 'pairs'"):
        LabelRecipe(**lab.recipe_values(tmp_path, keep_questions=True))
