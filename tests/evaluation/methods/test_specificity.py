"""Named, wrongly named and unguided, over the same pairs and seeds, counted out."""

from __future__ import annotations

from pathlib import Path

import pytest
import recorded

from negjudge.data.records import Pair, Sample
from negjudge.data.splits import Splits
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.evidence.scored import by_oracle
from negjudge.evaluation.methods.specificity import specificity
from negjudge.oracle.readings import SampleReading

PAIRS = {
    name: Pair(name, *name.split("-"), "a thing", name.split("-")[1], others=("lid",))
    for name in (f"object{n}-element{n}" for n in range(4))
}
SPLITS = Splits({"dev": (), "test": tuple(PAIRS)}, {}, {"objects": (), "elements": ()})


def pictures(method: str, gone: str, place: str = "") -> tuple[list[Sample], dict[str, SampleReading]]:
    """A picture of each pair in turn, "1" where the element is gone, "x" where the object is lost with it."""
    samples, readings = [], {}
    for pair, mark in zip(PAIRS.values(), gone, strict=False):
        made = recorded.sample(pair.id, method, id=f"{place}{method}-{pair.id}")
        parts = () if mark in "1x" else (pair.element,)
        thing = None if mark == "x" else pair.object
        samples.append(made)
        readings[made.id] = SampleReading(made.id, thing, parts, 0.0, 0.0, "", "")
    return samples, readings


def evidence_of(
    tested: list[tuple[list[Sample], dict[str, SampleReading]]],
    control: list[tuple[list[Sample], dict[str, SampleReading]]],
) -> Evidence:
    return Evidence(
        Path("run"), PAIRS, SPLITS,
        samples=[one for samples, _ in tested for one in samples],
        control=[one for samples, _ in control for one in samples],
        readings={name: one for _, readings in tested + control for name, one in readings.items()},
    )  # fmt: skip


def test_gain_and_spill_are_counted_over_the_same_pairs() -> None:
    evidence = evidence_of(
        [pictures("none", "0001"), pictures("vsf", "1111"), pictures("nag", "1100")],
        [pictures("vsf", "0101", "wrong-"), pictures("nag", "01", "wrong-")],
    )
    vsf, nag = specificity(evidence, {"oracle": by_oracle(evidence)}, draws=50)
    assert (vsf.method, vsf.source, vsf.pictures, vsf.pairs) == ("vsf", "oracle", 4, 4)
    assert (vsf.named.estimate, vsf.wrong.estimate, vsf.unguided.estimate) == (1.0, 0.5, 0.25)
    assert (vsf.gain.estimate, vsf.spill.estimate) == (0.5, 0.25)
    # NAG's control has the first two pairs alone, and so has all that it is compared with.
    assert (nag.pictures, nag.named.estimate, nag.wrong.estimate, nag.unguided.estimate) == (2, 1.0, 0.5, 0.0)
    assert (nag.gain.estimate, nag.spill.estimate) == (0.5, 0.5)


def test_marks_say_what_became_of_each_picture_of_the_control() -> None:
    evidence = evidence_of(
        [pictures("none", "0000"), pictures("vsf", "1111")], [pictures("vsf", "01x", "wrong-")]
    )
    (row,) = specificity(evidence, {"oracle": by_oracle(evidence)}, draws=50)
    first, second, third = (f"wrong-vsf-{pair}" for pair in list(PAIRS)[:3])
    assert row.marks == {first: "still there", second: "success", third: "undecided"}


@pytest.mark.parametrize("tested", [[pictures("vsf", "1111")], [pictures("none", "0000")]])
def test_without_one_of_the_three_there_is_no_row(
    tested: list[tuple[list[Sample], dict[str, SampleReading]]],
) -> None:
    evidence = evidence_of(tested, [pictures("vsf", "0000", "wrong-")])
    assert specificity(evidence, {"oracle": by_oracle(evidence)}, draws=50) == []
    assert specificity(evidence_of(tested, []), {"oracle": by_oracle(evidence)}, draws=50) == []
