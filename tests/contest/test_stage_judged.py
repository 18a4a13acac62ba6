"""A contest that no oracle reads: judges read its pictures, on dev and on test."""

import json
from dataclasses import replace

import pytest
import yaml

from eval.contest import main
from eval.run import main as measure_run
from negjudge.data.pairs import read_pairs
from negjudge.data.records import Label, Sample, read_records, write_records
from negjudge.tuning.trials import Trial

BASE = "data/mini/judge-base"
DEV, TEST = ["clock-hands", "cat-ears"], ["bicycle-wheels", "mug-handle"]


@pytest.fixture
def pairs():
    """Pairs of the mini lab; one asks about its element by another name."""
    found = {
        name: pair for name, pair in read_pairs("data/mini/pairs.jsonl").items() if name in (*DEV, *TEST)
    }
    own = replace(found["clock-hands"], element_question="Does this picture show clock hands?")
    return found | {"clock-hands": own}


def test_a_contest_without_an_oracle_is_searched_and_measured_by_judges(
    pairs, model_folder, tmp_path, capsys
):
    write_records(tmp_path / "pairs.jsonl", list(pairs.values()))
    (tmp_path / "splits.json").write_text(
        json.dumps({"methods": {"dev": DEV, "test": TEST}, "judge": {}, "strict": {}})
    )
    run = tmp_path / "run"
    recipe = {
        "run": str(run),
        "pairs": str(tmp_path / "pairs.jsonl"),
        "splits": str(tmp_path / "splits.json"),
        "generator": {
            "model": str(model_folder), "steps": 2, "width": 32, "height": 32, "batch_size": 4,
            "arguments": {"max_sequence_length": 8},
        },
        "contestants": {
            "vsf": {"method": "vsf", "space": {"scale": [0, 6, 0.25]}},
            "nasa": {"method": "nasa", "space": {"scale": [0, 1, 0.1]}},
        },
        "trials": 2, "dev_seeds": 2, "test_seeds": 2, "frontier": 2, "frontier_seeds": 1, "control_seeds": 1,
        "matched": [{"measure": "kept", "at": 0.9}],
        "dev_judge": BASE, "base": BASE, "device": "cpu", "keep_questions": True, "draws": 40,
        "judges": {"further": {"source": BASE}},
        "note": "A test.", "card": {"licence": "apache-2.0"},
    }  # fmt: skip
    (tmp_path / "contest.yaml").write_text(yaml.safe_dump(recipe))
    config = ["--config", str(tmp_path / "contest.yaml")]
    assert main(config) == 0
    trials = read_records(run / "tune/tuning.jsonl", Trial)
    assert [trial.pictures for trial in trials] == [4] * 4
    metrics = json.loads((run / "metrics.json").read_text())
    # A further judge is asked about the test pictures alone, so the base tells the rest.
    assert list(metrics["methods"]) == ["base", "further"]
    assert metrics["finding"]["source"] == "further"
    assert metrics["contest"]["source"] == "base"
    assert [row["method"] for row in metrics["methods"]["base"]] == ["none", "vsf", "nasa"]
    assert len(metrics["contest"]["frontiers"]["points"]) == 4
    assert [(row["method"], row["source"], row["pictures"]) for row in metrics["specificity"]] == [
        ("vsf", "base", 2),
        ("nasa", "base", 2),
    ]
    assert "by the base judge" in (run / "report/tables/specificity.tex").read_text()
    assert (run / "report/tables/methods-further.csv").read_text().splitlines()[0].endswith(",setting")
    said = capsys.readouterr().out
    assert "2 test pairs are few" in said
    assert "success where the object is kept" in said

    # People who label test pictures see no others: the finding is theirs, the frontier stays the judge's.
    samples = read_records(run / "samples.jsonl", Sample)
    labels = [
        Label(sample.id, question, answer, share, {answer: 3}, "people")
        for sample in samples
        for question, answer, share in (("object", "yes", 1.0), ("element", "no", 0.0))
    ]
    write_records(run / "labels.jsonl", labels)
    assert measure_run(config) == 0
    metrics = json.loads((run / "metrics.json").read_text())
    assert list(metrics["methods"]) == ["labels", "base", "further"]
    assert metrics["finding"]["source"] == "labels"
    assert metrics["contest"]["source"] == metrics["specificity"][0]["source"] == "base"
