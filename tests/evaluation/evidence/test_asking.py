"""Collateral by a judge: what it saw in the unguided picture and no longer sees in the guided one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import synthetic

from negjudge.data.records import Pair, Sample, Verdict, read_records, write_records
from negjudge.data.splits import read_splits
from negjudge.evaluation.evidence.asking import nouns, wording
from negjudge.evaluation.evidence.asks import keep
from negjudge.evaluation.recipe import JudgeRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.judge.prompts import questions_about

MINI = "data/mini/judge-base"
CAMEL = Pair(
    "camel-desert", "camel", "desert", "a camel with a saddle", "desert",
    keep=("hump", "saddle"),
    keep_questions=("Does this picture show a camel's hump?", "Is there a saddle?"),
)  # fmt: skip


def test_a_judge_tells_collateral_where_it_is_asked_about_the_parts_that_stay(tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    few = read_splits("data/mini/splits.json").methods["test"][::4]
    write_records(
        run / "samples.jsonl", [s for s in read_records(run / "samples.jsonl", Sample) if s.pair in few]
    )
    judges = {"tiny": JudgeRecipe(source=MINI)}
    without = evaluate(synthetic.recipe_for(run, judges=judges, device="cpu"), run)
    assert {row.collateral for row in without.methods["tiny"]} == {None}

    recipe = synthetic.recipe_for(run, judges=judges, device="cpu", keep_questions=True)
    rows = {row.method: row.collateral for row in evaluate(recipe, run).methods["tiny"]}
    assert rows["none"] is None
    # The same from the files: parts at one half or above before, below it after.
    pairs = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
    samples = read_records(run / "samples.jsonl", Sample)
    plain = {(s.pair, s.seed): s.id for s in samples if s.method == "none"}
    said = {}
    for verdict in read_records(run / "verdicts.jsonl", Verdict):
        tag = str(verdict.judge).partition("/keep:")[2]
        said[verdict.sample, tag] = (verdict.element_present or 0) >= 0.5
    for method in ("vsf", "nag"):
        shares = []
        for sample in (s for s in samples if s.method == method):
            before = [p for p in pairs[sample.pair].stay if said[plain[sample.pair, sample.seed], p]]
            if before:
                shares.append(sum(not said[sample.id, part] for part in before) / len(before))
        assert rows[method].estimate == pytest.approx(np.mean(shares), abs=1e-6)
    # Without the key they are not asked, and what was answered stays for another time.
    kept = (run / "verdicts.jsonl").read_bytes()
    assert evaluate(synthetic.recipe_for(run, judges=judges, device="cpu"), run).methods == without.methods
    assert (run / "verdicts.jsonl").read_bytes() == kept


def test_real_pairs_are_asked_in_their_own_words() -> None:
    plain = Sample(
        id="0", pair=CAMEL.id, object="camel", element="desert", prompt="", negative="", method="none",
        params={}, seed=1, image="a.png", sha256="", model="", revision="", steps=1, width=8, height=8,
        device="cpu", dtype="float32",
    )  # fmt: skip
    guided = dataclasses.replace(plain, id="1", method="vsf")
    alone = dataclasses.replace(guided, id="2", seed=2)
    asks = keep(Path("run"), [plain, guided, alone], {CAMEL.id: CAMEL})
    assert [(a.sample.id, a.tag, a.element) for a in asks] == [
        ("0", "/keep:hump", "a camel's hump"),
        ("0", "/keep:saddle", "saddle"),
        ("1", "/keep:hump", "a camel's hump"),
        ("1", "/keep:saddle", "saddle"),
    ]
    assert questions_about("camel", asks[0].element)[2] == CAMEL.keep_questions[0]
    assert wording(asks[0], CAMEL) == {
        "element.present": "Does this picture show a camel's hump?",
        "element.absent": "Does this picture lack a camel's hump?",
    }
    own = dataclasses.replace(CAMEL, element_question="Does this picture show a sandy desert?")
    ask = dataclasses.replace(asks[0], view="plain", part=None)
    assert wording(ask, own)["element.present"] == "Does this picture show a sandy desert?"
    assert wording(ask, own)["element.absent"] == "Does this picture lack a desert?"
    # A judge of ours makes its questions from the nouns of these.
    assert nouns(asks[0], CAMEL) == ("camel", "a camel's hump")
    assert nouns(ask, CAMEL) == ("camel", "desert")
    assert nouns(ask, own) == ("camel", "a sandy desert")
    assert questions_about(*nouns(ask, own))[2] == own.element_question
    named = dataclasses.replace(own, object_question="Does this picture show a saddled camel?")
    assert nouns(ask, named) == ("a saddled camel", "a sandy desert")
    stranger = dataclasses.replace(ask, view="other", object="kettle")
    assert nouns(stranger, named) == ("kettle", "a sandy desert")
