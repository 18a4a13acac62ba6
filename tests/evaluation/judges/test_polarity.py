"""What a judge says asked both ways, from its verdicts as they are stored."""

from __future__ import annotations

from pathlib import Path

import pytest
import recorded

from negjudge.data.records import Verdict
from negjudge.data.splits import MINIMUM_PAIRS, Splits
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.judges.polarity import Polarity, polarities
from negjudge.evaluation.judges.questions import Item

SAMPLES = [recorded.sample(f"car-part{number}") for number in range(MINIMUM_PAIRS)]
ITEMS = [Item(sample, "plain", "car", number % 2 == 0) for number, sample in enumerate(SAMPLES)]


def evidence_of(details: list[dict[str, float]], flagged: bool = False) -> Evidence:
    """A judge called "it" that said this of the pictures, in their order."""
    splits = Splits({"dev": (), "test": ()}, {}, {"objects": (), "elements": ()})
    said = {
        sample.id: Verdict(details=one, contradiction=flagged)
        for sample, one in zip(SAMPLES, details, strict=True)
    }
    return Evidence(Path("run"), {}, splits, SAMPLES, verdicts={("it", "plain"): said}, judges={"it": "it@0"})


def measured(evidence: Evidence) -> Polarity:
    (row,) = polarities(evidence, ITEMS, "seen", "element", "oracle", draws=20)
    return row


def test_a_judge_that_always_says_yes_sees_as_much_as_a_coin() -> None:
    row = measured(evidence_of([{"element.present": 2.0, "element.absent": 1.0}] * len(SAMPLES)))
    assert (row.affirmative.estimate, row.negated.estimate) == (0.5, 0.5)
    assert (row.contradicts.estimate, row.agrees_twice.estimate) == (1.0, 1.0)


@pytest.mark.parametrize("names", ["element.{}", "element.{}.yes"])
def test_one_that_is_blind_to_lacks_is_right_on_shows(names: str) -> None:
    yes, no = (2.0, -2.0) if names == "element.{}" else (0.9, 0.2)  # logits, or an endpoint's probabilities
    details = [
        {names.format("present"): yes if item.label else no, names.format("absent"): yes} for item in ITEMS
    ]
    row = measured(evidence_of(details, flagged=True))
    assert (row.affirmative.estimate, row.negated.estimate) == (1.0, 0.5)
    assert (row.contradicts.estimate, row.agrees_twice.estimate) == (0.5, 0.5)
    assert row.flagged.estimate == 1.0


def test_no_to_both_contradicts_too() -> None:
    row = measured(evidence_of([{"element.present": -1.0, "element.absent": -1.0}] * len(SAMPLES)))
    assert (row.contradicts.estimate, row.agrees_twice.estimate) == (1.0, 0.0)


def test_one_that_was_asked_one_way_alone_has_no_row() -> None:
    evidence = evidence_of([{"element.present": 1.0}] * len(SAMPLES))
    assert polarities(evidence, ITEMS, "seen", "element", "oracle", draws=20) == ()


def test_too_few_pairs_have_no_row() -> None:
    evidence = evidence_of([{"element.present": 1.0, "element.absent": -1.0}] * len(SAMPLES))
    assert polarities(evidence, ITEMS[1:], "seen", "element", "oracle", draws=20) == ()


def test_success_is_not_asked_both_ways() -> None:
    evidence = evidence_of([{"element.present": 1.0, "element.absent": -1.0}] * len(SAMPLES))
    assert polarities(evidence, ITEMS, "seen", "success", "oracle", draws=20) == ()
