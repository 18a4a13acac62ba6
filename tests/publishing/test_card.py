"""The model card: metadata that the Hub's own code reads back, figures from metrics.json, limits said."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
import synthetic
from huggingface_hub import ModelCard

from negjudge.errors import NegjudgeError
from negjudge.evaluation.recipe import CardRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.wording import percent
from negjudge.publishing.card import write_card
from negjudge.statistics.clusters import Interval


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, list[Path]]:
    folder = tmp_path_factory.mktemp("card")
    run = synthetic.make_run(folder, control=False)
    recipe = synthetic.recipe_for(run, draws=40)
    evaluate(recipe, run)
    return run, recipe, write_card(recipe, run, folder / "model_cards")


def test_the_card_lies_where_it_is_looked_for(written: tuple[Path, Any, list[Path]]) -> None:
    run, _, paths = written
    assert paths == [run / "card.md", run / "judge" / "README.md", run.parent / "model_cards" / "run.md"]
    assert len({path.read_text() for path in paths}) == 1


def test_the_hub_reads_licence_base_and_figures(written: tuple[Path, Any, list[Path]]) -> None:
    data = ModelCard.load(written[2][0]).data
    assert (data.license, data.library_name, data.base_model) == ("apache-2.0", "transformers", None)
    metrics = json.loads((written[0] / "metrics.json").read_text())
    rows = [
        r for r in metrics["judges"] if (r["judge"], r["topic"], r["truth"]) == ("tuned", "element", "oracle")
    ]
    expected = {r["stratum"].replace(" ", "_"): r["quality"]["balanced_accuracy"]["estimate"] for r in rows}
    found = {r.dataset_split: r.metric_value for r in data.eval_results if r.dataset_config == "oracle"}
    assert found == expected


def test_a_base_on_the_hub_is_named(written: tuple[Path, Any, list[Path]], tmp_path: Path) -> None:
    run, recipe, _ = written
    named = dataclasses.replace(
        recipe, card=CardRecipe(licence="apache-2.0", base_model="Qwen/Qwen2.5-VL-7B-Instruct")
    )
    text = write_card(named, run, tmp_path)[2].read_text()
    assert ModelCard(text).data.base_model == "Qwen/Qwen2.5-VL-7B-Instruct"
    assert ModelCard(text).data.library_name == "peft"
    assert "is on no hub" not in text


def test_the_body_says_what_metrics_say_and_what_they_do_not(written: tuple[Path, Any, list[Path]]) -> None:
    text = written[2][0].read_text()
    metrics = json.loads((written[0] / "metrics.json").read_text())
    row = next(
        r
        for r in metrics["judges"]
        if (r["judge"], r["stratum"], r["topic"]) == ("tuned", "both_new", "element")
    )
    line = next(line for line in text.splitlines() if line.startswith("| tuned |"))
    assert percent(Interval(**row["quality"]["balanced_accuracy"])) in line
    assert "**Labels: simulated.**" in text
    assert text.count("nothing here was measured") >= 3
    assert "LoRA rank | 16" in text


def test_tables_are_whole(written: tuple[Path, Any, list[Path]]) -> None:
    body = ModelCard.load(written[2][0]).content.split("---\n", 2)[2]
    for table in re.findall(r"(?:^\|.*\n)+", body, flags=re.MULTILINE):
        widths = {line.count("|") for line in table.splitlines()}
        assert len(widths) == 1, table
        assert "---" in table.splitlines()[1]
    assert "{{" not in body


def test_no_judge_no_card(tmp_path: Path) -> None:
    with pytest.raises(NegjudgeError, match="run `make train` first"):
        write_card(synthetic.recipe_for(tmp_path), tmp_path, tmp_path)
    (tmp_path / "judge").mkdir()
    with pytest.raises(NegjudgeError, match="run `make eval` first"):
        write_card(synthetic.recipe_for(tmp_path), tmp_path, tmp_path)
