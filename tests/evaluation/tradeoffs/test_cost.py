"""Costs are those of the settings that were frozen, and ratios are taken round by round."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from negjudge.data.runs import COST
from negjudge.evaluation.tradeoffs.cost import read_cost
from negjudge.statistics.clusters import Interval
from negjudge.tuning.frozen import Chosen, Frozen

FROZEN = Frozen("", {"vsf": Chosen("vsf", ({"scale": 1.0},), {}, 1), "cfg": Chosen("cfg", ({},), {}, 2)},
                (), (), 1, 1, "", "", {})  # fmt: skip
SECONDS = {"none": [1.0, 2.0, 4.0], "vsf": [1.5, 2.0, 5.0], "cfg": [2.0, 4.0, 8.0]}


def measured(run: Path) -> None:
    content = {"settings": FROZEN.digest, "device": "cpu", "rounds": 3, "pictures": 4, "seconds": SECONDS}
    (run / COST).write_text(json.dumps(content))


def test_a_ratio_is_of_one_rounds_seconds(tmp_path: Path) -> None:
    measured(tmp_path)
    cost = read_cost(tmp_path, FROZEN, steps=8)
    assert cost is not None
    assert (cost.device, cost.rounds, cost.pictures) == ("cpu", 3, 4)
    none, vsf, cfg = cost.rows
    assert [(row.method, row.evaluations, row.seconds) for row in cost.rows] == [
        ("none", 8, 2.0),
        ("vsf", 8, 2.0),
        ("cfg", 16, 4.0),
    ]
    assert none.ratio == Interval(1.0, 1.0, 1.0)
    assert vsf.ratio == Interval(1.25, 1.0, 1.5)  # of 1.5, 1 and 1.25; that of the medians would be 1
    assert cfg.ratio == Interval(2.0, 2.0, 2.0)


def test_other_settings_have_no_cost_and_nothing_measured_has_none(tmp_path: Path) -> None:
    assert read_cost(tmp_path, FROZEN, 8) is None
    measured(tmp_path)
    assert read_cost(tmp_path, replace(FROZEN, seeds=2), 8) is None
