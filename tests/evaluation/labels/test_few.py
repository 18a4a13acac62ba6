"""Success from few labels: which labels count, and that picked ones are refused."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
import synthetic

from negjudge.data.nested import from_dict
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.evidence import Evidence, gather
from negjudge.evaluation.labels.few import FewLabels, few_labels
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import summary


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    run = synthetic.make_run(tmp_path_factory.mktemp("few"))
    return gather(synthetic.recipe_for(run), run)


def with_labels_of(evidence: Evidence, ids: set[str]) -> Evidence:
    kept = {key: label for key, label in evidence.labels.items() if key[0] in ids}
    return dataclasses.replace(evidence, labels=kept)


def test_a_quarter_of_all_labels_beside_the_rate_by_all(evidence: Evidence) -> None:
    found = few_labels(evidence, draws=100)
    assert found is not None
    assert (found.judge, found.refused) == ("tuned", None)
    assert found.labels == round(len(evidence.tested) / 4) == sum(row.rates.labels for row in found.rows)
    assert [row.method for row in found.rows] == ["none", "vsf", "nag"]
    assert all(row.truth is not None for row in found.rows)
    assert [(d.first, d.second) for d in found.differences] == [("vsf", "none"), ("nag", "none")]
    assert found == few_labels(evidence, draws=100)
    other = few_labels(evidence, draws=100, budget=60)
    assert other is not None
    assert other.labels == 60


def test_labels_by_the_hash_of_ids_count_with_their_chance(evidence: Evidence) -> None:
    first = {sample.id for sample in sorted(evidence.tested, key=lambda s: s.id)[:54]}
    found = few_labels(with_labels_of(evidence, first), draws=100)
    assert found is not None
    assert (found.labels, found.refused) == (54, None)
    assert all(row.truth is None for row in found.rows)
    one_a_pair: dict[str, str] = {}
    for sample in sorted(evidence.tested, key=lambda s: s.id):
        one_a_pair.setdefault(sample.pair, sample.id)
    found = few_labels(with_labels_of(evidence, set(one_a_pair.values())), draws=100)
    assert found is not None
    assert (found.labels, found.refused) == (synthetic.TESTED, None)
    assert "each pair" in found.drawn


def test_pictures_that_people_never_got_leave_the_draw_as_it_was(evidence: Evidence) -> None:
    first = {sample.id for sample in sorted(evidence.tested, key=lambda s: s.id)[:54]}
    some = with_labels_of(evidence, first)
    strangers = [
        dataclasses.replace(sample, id=f"{number:016x}", method="gpt-image")
        for number, sample in enumerate(s for s in evidence.tested if s.method == "vsf")
    ]
    said = evidence.verdicts["tuned", "plain"]
    template = next(iter(said.values()))
    more = dataclasses.replace(
        some,
        external=strangers,
        verdicts={("tuned", "plain"): said | {one.id: template for one in strangers}},
    )
    assert few_labels(more, draws=100) == few_labels(some, draws=100)


def test_picked_labels_are_refused(evidence: Evidence) -> None:
    last = {sample.id for sample in sorted(evidence.tested, key=lambda s: s.id)[-90:]}
    found = few_labels(with_labels_of(evidence, last), draws=100)
    assert found is not None
    assert found.rows == ()
    assert found.refused is not None
    assert "pair" in found.refused


def test_a_judge_that_has_seen_a_test_pair_is_refused(evidence: Evidence) -> None:
    leaked = {**evidence.splits.judge, "train": evidence.splits.methods["test"][:1]}
    splits = dataclasses.replace(evidence.splits, judge=leaked)
    with pytest.raises(NegjudgeError, match="fitted on the test pair"):
        few_labels(dataclasses.replace(evidence, splits=splits), draws=100)


def test_without_labels_or_judge_there_is_no_table(evidence: Evidence) -> None:
    assert few_labels(dataclasses.replace(evidence, labels={}), draws=100) is None
    assert few_labels(dataclasses.replace(evidence, verdicts={}), draws=100) is None


def test_the_table_is_written_and_printed(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path)
    metrics = evaluate(synthetic.recipe_for(run, label_budget=40), run)
    stored = json.loads((run / "metrics.json").read_text())["few_labels"]
    assert from_dict(stored, FewLabels, "metrics.json", nan=True) == metrics.few_labels
    assert stored["labels"] == 40
    for row in stored["rows"]:
        by = row["rates"]
        assert by["powered"]["low"] <= by["powered"]["estimate"] <= by["powered"]["high"]
        assert math.isclose(by["saved"], 1 - by["labels"] / by["worth"], abs_tol=1e-4)
    assert any("success from few labels (40 of" in line for line in summary(metrics))
