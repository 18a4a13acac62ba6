"""The pairs on the page: the ends that stand near the top, and a bounded page."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import synthetic
from PIL import Image

from negjudge.data.records import Pair, Sample, append_records, write_records
from negjudge.evaluation.stage import evaluate
from negjudge.report.page import compose
from negjudge.report.pairs.views import extremes


def sample(name: str, method: str = "vsf", seed: int = 0, pair: str = "mug-handle", side: int = 64) -> Sample:
    return Sample(
        id=name, pair=pair, object="mug", element="handle", prompt="a mug", negative="handle", method=method,
        params={}, seed=seed, image=f"images/{name}.png", sha256=name, model="m", revision="0", steps=4,
        width=side, height=side, device="cpu", dtype="float32",
    )  # fmt: skip


def painted(run: Path, colours: Mapping[str, str], side: int = 64) -> None:
    (run / "images").mkdir(exist_ok=True)
    for name, colour in colours.items():
        Image.new("RGB", (side, side), colour).save(run / "images" / f"{name}.png")


def test_the_worst_and_the_best_are_by_success_and_never_the_same_pair() -> None:
    success = {f"p{n}": n / 10 for n in range(9)}
    rows = [{"pair": p, "methods": {"vsf": {"success": s}}} for p, s in success.items()]
    ends = extremes(rows, "vsf")
    assert ends is not None
    assert (list(ends.worst), list(ends.best)) == (["p0", "p1", "p2", "p3"], ["p8", "p7", "p6", "p5"])
    equal = extremes([{"pair": p, "methods": {"vsf": {"success": 0.5}}} for p in success], "vsf")
    assert equal is not None
    assert len({*equal.worst, *equal.best}) == 8
    assert extremes(rows[:1], "vsf") is None
    assert extremes(rows, "nag") is None


@pytest.mark.parametrize(("pairs", "methods", "seeds"), [(500, 5, 4), (5000, 2, 1)])
def test_ten_thousand_pictures_leave_the_page_under_its_bound(
    tmp_path: Path, pairs: int, methods: int, seeds: int
) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    metrics = evaluate(synthetic.recipe_for(run), run)
    source = next((run / "images").iterdir())
    names = ["none", "vsf", "gpt-image", "VSF, leak", "another"][:methods]
    rows, samples = [], []
    for number in range(pairs):
        found: dict[str, dict[str, Any]] = {}
        for method in names:
            made = [
                sample(f"{number}-{names.index(method)}-{s}", method, s, f"p{number}") for s in range(seeds)
            ]
            found[method] = {"pictures": seeds, "success": 0.5, "kept": 0.5, "removed": 0.5}
            found[method]["marks"] = {one.id: "success" for one in made}
            samples += made
        why = "Pictures of a mug nearly always show one, and the word stands in every caption."
        row = {
            "pair": f"p{number}",
            "object": "mug",
            "element": "handle",
            "prompt": "a mug",
            "negative": "handle",
        }
        rows.append(
            {**row, "category": "", "relation": "part", "why": why, "source": "oracle", "methods": found}
        )
    assert len(samples) == 10_000
    for one in samples:
        os.link(source, run / one.image)
    (run / "samples.jsonl").unlink()
    append_records(run / "samples.jsonl", samples)
    splits = {"methods": {"test": [row["pair"] for row in rows]}, "judge": {}, "strict": {}}
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    write_records(
        tmp_path / "pairs.jsonl", [Pair(row["pair"], "mug", "handle", "a mug", "handle") for row in rows]
    )
    recipe = synthetic.recipe_for(
        run, pairs=str(tmp_path / "pairs.jsonl"), splits=str(tmp_path / "splits.json")
    )
    report = compose(recipe, run, {**metrics, "pairs": rows})
    assert len(report.text.encode()) < 4_000_000
    assert len(report.sheets) == report.text.count('class="pair"')
    whole = len(report.sheets) == pairs
    assert whole == (pairs == 500)
    assert ("the page has no room for more" in report.text) != whole
    assert len(report.tables["pairs"].rows) == pairs
