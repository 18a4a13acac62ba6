"""What a library that has the method of this folder does with it, as JSON: ``python uses.py FOLDER``."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from cases import CASES, NEGATIVE, run
from PIL import Image

import negjudge
from generate.run import Recipe
from negjudge.cli.main import main
from negjudge.data.records import Sample
from negjudge.errors import NegjudgeError
from negjudge.evaluation.methods.table import MethodRow
from negjudge.generation.sheets import contact
from negjudge.guidance import AttentionRecord, guide, method_from
from negjudge.guidance.methods import EVALUATIONS, METHODS
from negjudge.report.figures.run import method_styles, tradeoff
from negjudge.report.tables.table import method_column, tabulate
from negjudge.statistics.clusters import Interval
from negjudge.tuning.objective import Contestant

SAMPLE = {
    **dict.fromkeys((each.name for each in dataclasses.fields(Sample)), ""),
    "seed": 0,
    "steps": 1,
    "width": 8,
    "height": 8,
}


def refusal(params: dict[str, Any]) -> str:
    try:
        return repr(method_from("blend", params))
    except NegjudgeError as error:
        return str(error)


def latents(share: float | None) -> torch.Tensor:
    """A picture of a tiny SD3, guided unless the share is None."""
    case = CASES["sd3"]
    pipe = case.build(torch.float64)
    if share is None:
        return run(pipe, case)
    record = AttentionRecord()
    with guide(pipe, method_from("blend", {"share": share}), NEGATIVE, record):
        found = run(pipe, case)
    assert all(0 < each.mean() < 1 for each in record.maps[0].values())
    return found


def pipeline() -> dict[str, float]:
    plain = latents(None)
    return {str(share): float((latents(share) - plain).abs().max()) for share in (0.0, 0.5)}


def command(folder: Path) -> str:
    """The help of `negjudge generate`, which also makes a picture here."""
    words = ["generate", "a bicycle", "--without", "wheels", "--device", "cpu"]
    words += ["--model", "data/mini/generator", "--method", "blend", "--share", "0.25", "--attention-map"]
    assert main([*words, "-o", str(folder / "x.png")]) == 0
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.suppress(SystemExit):
        main(["generate", "--help"])
    return told.getvalue()


def sheet(folder: Path) -> list[tuple[str, str]]:
    """The headings of a contact sheet of every method."""
    (folder / "images").mkdir()
    samples = []
    for method in sorted(METHODS):  # not the order of the columns
        Image.new("RGB", (8, 8)).save(folder / f"images/{method}.png")
        params = method_from(method, {}).params
        of = {"method": method, "params": params, "image": f"images/{method}.png", "id": method}
        samples.append(Sample(**{**SAMPLE, **of}))
    with mock.patch.object(contact, "draw_sheet", wraps=contact.draw_sheet) as drawn:
        contact.write_sheets(folder, samples, "test", "Test pairs")
    return list(drawn.call_args.args[0].columns)


def report() -> dict[str, Any]:
    """The cells of a table's column of methods, and the legend and the looks of a figure."""
    half = Interval(0.5, 0.4, 0.6)
    rows = [
        MethodRow(method, {}, 8, 4, half, half, half, None, None, undecided=0.0, evaluations=None)
        for method in METHODS
    ]
    (table,) = tabulate("some", "", "", [method_column()], rows)
    svg = tradeoff(rows, "removed", "kept").element()
    return {
        "cells": [cell.text for row in table.rows for cell in row.cells],
        "legend": [method.title for method in METHODS.values() if f">{method.title}<" in svg],
        "styles": [list(style) for style in method_styles(METHODS).values()],
    }


def everything(folder: Path) -> dict[str, Any]:
    return {
        "library": negjudge.__file__,
        "methods": list(METHODS),
        "evaluations": [EVALUATIONS["blend"], Contestant("b", "blend", {}).evaluations],
        "built": refusal({"share": 1, "stop": 0.5}),
        "refused": [refusal({"share": 2}), refusal({"way": "up"})],
        "recipe": Recipe.__dataclass_fields__["methods"].default_factory(),  # type: ignore[misc]
        "pipeline": pipeline(),
        "help": command(folder),
        "sheet": sheet(folder),
        **report(),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with contextlib.redirect_stdout(sys.stderr):
        found = everything(folder)
    print(json.dumps(found))
