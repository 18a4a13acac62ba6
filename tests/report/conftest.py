"""A run with everything that a page shows, evaluated and reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import synthetic

from negjudge.evaluation.stage import evaluate
from negjudge.report.page import write_report


@pytest.fixture(scope="package")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, str]:
    """Its folder, its recipe, and the text of its page; tests leave all three as they are."""
    run = synthetic.make_run(tmp_path_factory.mktemp("whole"))
    history = run / "tuning.jsonl"
    trials = [
        {
            "method": m,
            "number": n,
            "params": {"scale": 0.5 * n},
            "pictures": 48,
            "evaluations": 384,
            "success": 0.1 * n,
            "kept": 0.9,
            "removed": 0.1 * n,
            "collateral": 0.1,
            "best": 0.1 * n,
            "context": "0" * 16,
        }
        for m in ("vsf", "nag")
        for n in range(5)
    ]
    history.write_text("".join(json.dumps(trial) + "\n" for trial in trials))
    check = run / "check.json"
    check.write_text(json.dumps({method: {"pictures": 60, "wrong": 1} for method in ("none", "vsf")}))
    recipe = synthetic.recipe_for(
        run, history=str(history), oracle_check=str(check), about=["What <this> & that is not."]
    )
    evaluate(recipe, run)
    return run, recipe, write_report(recipe, run).read_text()
