"""`python -m train.run` ends with a line and code 2 where it cannot."""

import labelled
import pytest

from train.run import main


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--config", "train/recipes/mini.yaml", "--epoch", "1"], ("epoch", "command line")),
        (["--config", "train/recipes/mini.yaml", "--batch_size", "0"], ("batch_size", "1 or more")),
        (["--config", "train/recipes/mini.yaml", "--lora.rnak", "1"], ("rnak",)),
        (["--config", "train/recipes/none.yaml"], ("train/recipes/none.yaml",)),
    ],
)
def test_a_wrong_recipe_is_one_line(options, words, capsys):
    assert main(options) == 2
    printed = capsys.readouterr().err.strip()
    assert printed.count("\n") == 0
    for word in words:
        assert word in printed


def test_a_missing_model_is_one_line(capsys, tmp_path):
    run = labelled.make_run(tmp_path / "run")
    assert main(["--config", "train/recipes/mini.yaml", "--run", str(run), "--base", "data/none/judge"]) == 2
    assert capsys.readouterr().err.startswith("error: there is no model folder data/none/judge")
