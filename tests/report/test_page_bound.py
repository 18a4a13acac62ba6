"""A page of ten thousand pictures stays under its bound, and says what it had no room for."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from recorded import sample

from negjudge.data.records import Pair, Sample, append_records, write_records
from negjudge.evaluation.methods.pairs import PairMethod, PairRow
from negjudge.evaluation.stage import evaluate
from negjudge.report.page import compose

NAMES = ["none", "vsf", "gpt-image", "VSF, leak", "another"]
WHY = "Pictures of a mug nearly always show one, and the word stands in every caption."


def picture(number: int, method: str, seed: int) -> Sample:
    """Return the record of a picture of a pair that goes by its number."""
    name = f"{number}-{NAMES.index(method)}-{seed}"
    made = sample("mug-handle", method, seed, id=name, image=f"images/{name}.png", width=64, height=64)
    return replace(made, pair=f"p{number}")


@pytest.mark.parametrize(("pairs", "methods", "seeds"), [(500, 5, 4), (5000, 2, 1)])
def test_ten_thousand_pictures_leave_the_page_under_its_bound(
    tmp_path: Path, pairs: int, methods: int, seeds: int
) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    metrics = evaluate(synthetic.recipe_for(run), run)
    source = next((run / "images").iterdir())
    rows, samples = [], []
    for number in range(pairs):
        found: dict[str, PairMethod] = {}
        for method in NAMES[:methods]:
            made = [picture(number, method, seed) for seed in range(seeds)]
            found[method] = PairMethod(seeds, 0.5, 0.5, 0.5, {one.id: "success" for one in made})
            samples += made
        asked = ("mug", "handle", "a mug", "handle", "", "part", WHY, "oracle")
        rows.append(PairRow(made[0].pair, *asked, found))
    assert len(samples) == 10_000
    for one in samples:
        os.link(source, run / one.image)
    (run / "samples.jsonl").unlink()
    append_records(run / "samples.jsonl", samples)
    splits = {"methods": {"test": [one.pair for one in rows]}, "judge": {}, "strict": {}}
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    write_records(
        tmp_path / "pairs.jsonl", [Pair(one.pair, "mug", "handle", "a mug", "handle") for one in rows]
    )
    recipe = synthetic.recipe_for(
        run, pairs=str(tmp_path / "pairs.jsonl"), splits=str(tmp_path / "splits.json")
    )
    report = compose(recipe, run, replace(metrics, pairs=tuple(rows)))
    assert len(report.text.encode()) < 4_000_000
    assert len(report.sheets) == report.text.count('class="pair"')
    whole = len(report.sheets) == pairs
    assert whole == (pairs == 500)
    assert ("the page has no room for more" in report.text) != whole
    assert len(report.tables["pairs"].rows) == pairs
