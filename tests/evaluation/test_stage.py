"""The evaluation of a whole run: its figures, what a run may lack, and that nothing is done twice."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from sklearn.metrics import balanced_accuracy_score

from negjudge.data.records import Pair, Sample, Verdict, read_records, write_records
from negjudge.data.runs import locked
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.evaluation.metrics_file import FORMAT, Metrics, read_metrics
from negjudge.evaluation.stage import evaluate

PAIRS = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
SPLITS = read_splits("data/mini/splits.json")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Metrics]:
    run = synthetic.make_run(tmp_path_factory.mktemp("measured"))
    return run, evaluate(synthetic.recipe_for(run), run)


def readings(run: Path) -> dict[str, dict[str, Any]]:
    """Return what the reader wrote down, read without the library."""
    lines = (run / "oracle.jsonl").read_text().splitlines()
    return {entry["sample"]: entry for entry in map(json.loads, lines)}


def test_rates_of_methods_are_those_of_the_readings(measured: tuple[Path, Metrics]) -> None:
    run, metrics = measured
    seen = readings(run)
    for row in metrics.methods["oracle"]:
        tested = [
            s
            for s in read_records(run / "samples.jsonl", Sample)
            if s.method == row.method and s.pair in SPLITS.methods["test"]
        ]
        kept = np.array([seen[s.id]["object"] == s.object for s in tested])
        readable = np.array([seen[s.id]["object"] is not None for s in tested])
        gone = readable & np.array([s.element not in seen[s.id]["parts"] for s in tested])
        assert row.pictures == row.pairs == len(SPLITS.methods["test"])
        assert row.kept.estimate == pytest.approx(kept.mean(), abs=1e-6)
        assert row.removed.estimate == pytest.approx(gone.mean(), abs=1e-6)
        assert row.undecided == pytest.approx((~readable).mean(), abs=1e-6)
        assert row.success.estimate == pytest.approx((kept & gone).mean(), abs=1e-6)
        assert row.success.low < row.success.estimate < row.success.high


def test_the_finding_names_the_method_that_removes_most(measured: tuple[Path, Metrics]) -> None:
    finding = measured[1].finding
    rows = {row.method: row.success.estimate for row in measured[1].methods["oracle"]}
    assert finding.source == "oracle"
    assert finding.best.method == max(rows, key=lambda m: rows[m]) == "vsf"
    gap = finding.comparison.difference
    assert gap.estimate == pytest.approx(rows["vsf"] - rows["none"], abs=1e-5)
    assert gap.low > 0
    assert gap.adjusted >= gap.p


def test_no_collateral_without_guidance(measured: tuple[Path, Metrics]) -> None:
    rows = {row.method: row.collateral for row in measured[1].methods["oracle"]}
    assert rows.pop("none") is None
    assert all(0 < row.estimate < 1 for row in rows.values())
    assert {row.collateral for row in measured[1].methods["labels"]} == {None}


def test_balanced_accuracy_of_the_tuned_judge(measured: tuple[Path, Metrics]) -> None:
    run, metrics = measured
    seen, samples = readings(run), {s.id: s for s in read_records(run / "samples.jsonl", Sample)}
    said = {
        v.sample: v.element_present
        for v in read_records(run / "verdicts.jsonl", Verdict)
        if v.judge and v.judge.startswith("tuned@") and "/" not in v.judge
    }
    for stratum in ("seen", "new_object", "new_element", "both_new"):
        ids = [i for i, s in samples.items() if s.pair in SPLITS.judge[stratum] and seen[i]["object"]]
        truth = [samples[i].element in seen[i]["parts"] for i in ids]
        expected = balanced_accuracy_score(truth, [(said[i] or 0) >= 0.5 for i in ids])
        row = one(metrics.judges, judge="tuned", stratum=stratum, topic="element", truth="oracle")
        assert row.quality.balanced_accuracy.estimate == pytest.approx(expected, abs=1e-6)
        assert row.questions == len(ids)


def one(rows: Iterable[Any], **wanted: str) -> Any:
    """Return the only row with these values."""
    (found,) = [row for row in rows if all(getattr(row, key) == value for key, value in wanted.items())]
    return found


def test_who_is_compared(measured: tuple[Path, Metrics]) -> None:
    rows = [r for r in measured[1].judges if (r.topic, r.truth) == ("element", "oracle")]
    assert [r.judge for r in rows if r.stratum == "both_new"] == [
        "text only",
        "text and settings only",
        "pair and method only",
        "base",
        "base, affirmative question alone",
        "base, refitted",
        "tuned",
    ]
    scores = {r.judge: r.quality.balanced_accuracy.estimate for r in rows if r.stratum == "all four"}
    assert scores["base"] < scores["base, refitted"] < scores["tuned"]
    blind = [scores[f"{who}, {what} picture"] for who in ("base", "tuned") for what in ("blank", "shuffled")]
    assert all(0.3 < score < 0.7 for score in [*blind, scores["text only"]])
    base = one(rows, judge="base", stratum="all four")
    assert base.quality.yes_rate.estimate > base.positives + 0.2


def test_a_judges_rates_are_the_means_of_its_probabilities(measured: tuple[Path, Metrics]) -> None:
    run, metrics = measured
    name = metrics.provenance.judges["tuned"]
    said = {v.sample: v for v in read_records(run / "verdicts.jsonl", Verdict) if v.judge == name}
    abstained = 0
    for row in metrics.methods["tuned"]:
        samples = read_records(run / "samples.jsonl", Sample)
        mine = [said[s.id] for s in samples if s.method == row.method and s.pair in SPLITS.methods["test"]]
        assert row.success.estimate == pytest.approx(np.mean([v.success for v in mine]), abs=1e-6)
        assert row.kept.estimate == pytest.approx(np.mean([v.object_present for v in mine]), abs=1e-6)
        assert row.removed.estimate == pytest.approx(1 - np.mean([v.element_present for v in mine]), abs=1e-6)
        assert row.undecided == pytest.approx(np.mean([v.abstained for v in mine]), abs=1e-6)
        abstained += sum(v.abstained for v in mine)
    assert abstained


def test_judges_are_ordered_within_pairs(measured: tuple[Path, Metrics]) -> None:
    run, metrics = measured
    seen, name = readings(run), metrics.provenance.judges["tuned"]
    said = {v.sample: v for v in read_records(run / "verdicts.jsonl", Verdict) if v.judge == name}
    right = total = 0.0
    samples = read_records(run / "samples.jsonl", Sample)
    for pair in SPLITS.judge["both_new"]:
        mine = [s for s in samples if s.pair == pair and seen[s.id]["object"]]
        for a in (s for s in mine if s.element in seen[s.id]["parts"]):
            for b in (s for s in mine if s.element not in seen[s.id]["parts"]):
                gap = said[a.id].element_present - said[b.id].element_present
                right, total = right + (gap > 0) + (gap == 0) / 2, total + 1
    row = one(metrics.judges, judge="tuned", stratum="both_new", topic="element", truth="oracle")
    assert row.quality.compared[0] == total > 10
    assert row.quality.within_pair.estimate == pytest.approx(right / total, abs=1e-6)
    assert row.quality.compared[1] == 0  # one picture a pair and method
    assert row.quality.within_method.estimate is None or np.isnan(row.quality.within_method.estimate)


def test_abstentions_are_told_apart_from_mistakes(measured: tuple[Path, Metrics]) -> None:
    row = one(measured[1].judges, judge="tuned", stratum="all four", topic="success", truth="oracle")
    assert row.undecided > 0
    assert row.quality.forced.estimate > row.quality.balanced_accuracy.estimate
    assert row.quality.error.estimate < 0.5
    gain = one(measured[1].gains, over="base", stratum="all four", topic="success", truth="oracle")
    base = one(measured[1].judges, judge="base", stratum="all four", topic="success", truth="oracle")
    assert gain.forced.estimate == pytest.approx(
        row.quality.forced.estimate - base.quality.forced.estimate, abs=2e-6
    )


def test_each_question_alone(measured: tuple[Path, Metrics]) -> None:
    run, metrics = measured
    seen = readings(run)
    samples = {s.id: s for s in read_records(run / "samples.jsonl", Sample)}
    for judge in ("base", "tuned"):
        name = metrics.provenance.judges[judge]
        said = {v.sample: v.details for v in read_records(run / "verdicts.jsonl", Verdict) if v.judge == name}
        ids = [
            i
            for stratum in ("seen", "new_object", "new_element", "both_new")
            for i, s in samples.items()
            if s.pair in SPLITS.judge[stratum] and seen[i]["object"]
        ]
        truth = [samples[i].element in seen[i]["parts"] for i in ids]
        shows = [said[i]["element.present"] > 0 for i in ids]
        lacks = [said[i]["element.absent"] > 0 for i in ids]
        row = one(metrics.polarities, judge=judge, stratum="all four", topic="element", truth="oracle")
        assert row.affirmative.estimate == pytest.approx(balanced_accuracy_score(truth, shows), abs=1e-6)
        wanted = balanced_accuracy_score(truth, np.logical_not(lacks))
        assert row.negated.estimate == pytest.approx(wanted, abs=1e-6)
        assert row.contradicts.estimate == pytest.approx(np.equal(shows, lacks).mean(), abs=1e-6)
        assert row.agrees_twice.estimate == pytest.approx(np.logical_and(shows, lacks).mean(), abs=1e-6)


def test_object_questions_are_asked_of_absent_objects_too(measured: tuple[Path, Metrics]) -> None:
    row = one(measured[1].judges, judge="text only", stratum="seen", topic="object", truth="oracle")
    assert 0.4 < row.positives < 0.6
    assert row.quality.balanced_accuracy.estimate == pytest.approx(0.5, abs=0.1)


def test_specificity(measured: tuple[Path, Metrics]) -> None:
    row = one(measured[1].specificity, method="vsf")
    assert row.gain.low > 0.2
    assert row.named.estimate - row.wrong.estimate == pytest.approx(row.gain.estimate, abs=1e-5)
    assert row.spill.estimate < row.gain.estimate / 2


def test_every_part_holds_intervals_and_strict_json(measured: tuple[Path, Metrics]) -> None:
    text = (measured[0] / "metrics.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert read_metrics(measured[0]) == measured[1]
    assert json.loads(text)["methods"]["oracle"][0]["success"] == dataclasses.asdict(
        measured[1].methods["oracle"][0].success
    )
    assert measured[1].agreement[0].source == "simulated"
    assert {row.question for row in measured[1].labels} == {"object", "element"}
    assert measured[1].provenance.sources == ("simulated",)


def test_doing_it_again_reads_no_picture_and_gives_the_same(measured: tuple[Path, Metrics]) -> None:
    run, metrics = measured
    before = {name: (run / name).stat().st_mtime_ns for name in ("oracle.jsonl", "verdicts.jsonl")}
    again = evaluate(synthetic.recipe_for(run), run)
    assert again == metrics
    assert {name: (run / name).stat().st_mtime_ns for name in before} == before


def test_a_killed_reading_goes_on(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    recipe = synthetic.recipe_for(run)
    evaluate(recipe, run)
    whole = (run / "oracle.jsonl").read_bytes()
    (run / "oracle.jsonl").write_bytes(whole[: len(whole) // 2])  # cut in the middle of a line
    evaluate(recipe, run)
    assert sorted((run / "oracle.jsonl").read_bytes().splitlines()) == sorted(whole.splitlines())


def test_a_run_with_pictures_alone_has_methods_by_the_oracle_and_nothing_else(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    metrics = evaluate(synthetic.recipe_for(run), run)
    assert list(metrics.methods) == ["oracle"]
    assert metrics.specificity == metrics.agreement == metrics.labels == metrics.reliability == ()
    blind = {"text only", "text and settings only", "pair and method only"}
    assert {row.judge for row in metrics.judges} == blind


def test_without_an_oracle_labels_tell_the_truth(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False)
    metrics = evaluate(synthetic.recipe_for(run, reader=None), run)
    assert list(metrics.methods) == ["labels"]
    assert metrics.finding.source == "labels"
    assert {row.truth for row in metrics.judges} == {"labels"}


def test_a_stratum_with_too_few_pairs_prints_no_figure(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, labels=False, control=False)
    dropped = set(SPLITS.judge["both_new"][11:])
    kept = [s for s in read_records(run / "samples.jsonl", Sample) if s.pair not in dropped]
    write_records(run / "samples.jsonl", kept)
    (run / "verdicts.jsonl").unlink()
    synthetic.judge_run(tmp_path, run)
    metrics = evaluate(synthetic.recipe_for(run), run)
    rows = [row for row in metrics.judges if row.stratum == "both_new"]
    assert {row.pairs for row in rows} == {11}
    assert {row.quality for row in rows} == {None}
    assert not [gain for gain in metrics.gains if gain.stratum == "both_new"]


def test_verdicts_of_a_judge_that_was_trained_again_are_not_used(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, labels=False, control=False)
    (run / "judge" / "judge.json").write_text('{"place": "trained again"}')
    # Asking anew needs the model, which this folder does not hold: that it is asked is the point.
    with pytest.raises(NegjudgeError, match="judge"):
        evaluate(synthetic.recipe_for(run), run)


def test_an_abstention_is_counted_and_its_probability_stands(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, labels=False, control=False)
    verdicts = read_records(run / "verdicts.jsonl", Verdict)
    write_records(run / "verdicts.jsonl", [dataclasses.replace(v, abstained=True) for v in verdicts])
    tested = [s for s in read_records(run / "samples.jsonl", Sample) if s.pair in SPLITS.methods["test"]]
    methods = {s.id: s.method for s in tested}
    metrics = evaluate(synthetic.recipe_for(run), run)
    assert {row.undecided for row in metrics.methods["tuned"]} == {1.0}
    said = {v.sample: v for v in verdicts if v.judge == metrics.provenance.judges["tuned"]}
    for rates in metrics.methods["tuned"]:
        mine = [v.success for i, v in said.items() if methods.get(i) == rates.method]
        assert rates.success.estimate == pytest.approx(np.mean(mine), abs=1e-6)
    row = one(metrics.judges, judge="tuned", stratum="seen", topic="success", truth="oracle")
    assert (row.undecided, row.quality.balanced_accuracy.estimate) == (1.0, 0.0)
    assert one(metrics.judges, judge="tuned", stratum="seen", topic="element", truth="oracle").undecided == 0


def test_pictures_that_could_not_be_judged_count_as_wrong(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, labels=False, control=False)
    verdicts = read_records(run / "verdicts.jsonl", Verdict)
    broken = [
        Verdict(error="not a picture", sample=v.sample, judge=v.judge) if n % 2 else v
        for n, v in enumerate(verdicts)
    ]
    write_records(run / "verdicts.jsonl", broken)
    metrics = evaluate(synthetic.recipe_for(run), run)
    row = one(metrics.judges, judge="tuned", stratum="all four", topic="element", truth="oracle")
    assert row.undecided == pytest.approx(0.5, abs=0.05)
    assert row.quality.balanced_accuracy.estimate < 0.6
    assert row.quality.auroc.estimate > 0.9


def test_the_oracle_check_is_printed_with_intervals(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    check = tmp_path / "check.json"
    check.write_text('{"vsf": {"pictures": 60, "wrong": 3}}')
    metrics = evaluate(synthetic.recipe_for(run, oracle_check=str(check)), run)
    (row,) = metrics.oracle_check
    assert (row.method, row.error.estimate) == ("vsf", 0.05)
    assert row.error.low < 0.05 < row.error.high
    assert {c.withstands for c in metrics.comparisons["oracle"]} == {None}
    check.write_text('{"vsf": 3}')
    with pytest.raises(NegjudgeError, match="is not an oracle check"):
        evaluate(synthetic.recipe_for(run, oracle_check=str(check)), run)


def test_only_differences_larger_than_the_oracles_errors_withstand_them(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    check, answers = tmp_path / "check.json", []
    for wrong in (0, 24):
        check.write_text(json.dumps({m: {"pictures": 60, "wrong": wrong} for m in ("none", "vsf", "nag")}))
        rows = evaluate(synthetic.recipe_for(run, oracle_check=str(check)), run).comparisons["oracle"]
        answers.append(one(rows, first="vsf", second="none", measure="success").withstands)
    assert answers == [True, False]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda run: (run / "samples.jsonl").unlink(), "run `make generate` first"),
        (lambda run: next((run / "images").iterdir()).unlink(), "is missing"),
        (
            lambda run: next((run / "images").iterdir()).write_bytes(b"no picture"),
            "is not the picture that was recorded",
        ),
    ],
)
def test_what_is_wrong_with_a_run_is_one_line(tmp_path: Path, damage: Any, said: str) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    damage(run)
    with pytest.raises(NegjudgeError, match=said) as caught:
        evaluate(synthetic.recipe_for(run), run)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reader", ["minilab.nowhere:read", "minilab.world", "minilab.world:OBJECTS"])
def test_a_reader_that_is_not_there_is_named(tmp_path: Path, reader: str) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    with pytest.raises(NegjudgeError, match="key 'reader'"):
        evaluate(synthetic.recipe_for(run, reader=reader), run)


def test_the_run_folder_is_held_by_one_process(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    with locked(run, "eval"), pytest.raises(NegjudgeError, match="is being written by another eval"):
        evaluate(synthetic.recipe_for(run), run)


def test_figures_of_an_earlier_judge_are_refused(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, labels=False, control=False)
    evaluate(synthetic.recipe_for(run), run)
    assert read_metrics(run).format == FORMAT
    (run / "judge" / "judge.json").write_text('{"place": "trained again"}')
    with pytest.raises(NegjudgeError, match="of other pictures, labels or judge"):
        read_metrics(run)
