"""What it takes to repeat a run, without the names of people."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
from pathlib import Path
from typing import Any

from markup import Page

from negjudge.evaluation.metrics_file import read_metrics
from negjudge.report.repeat import _without_names, repeat


def test_what_it_takes_to_repeat_is_on_the_page(whole: tuple[Path, Any, str]) -> None:
    run, recipe, text = whole
    page = Page(text).text
    assert "make eval report PROFILE=run" in page
    assert f"pairs: {recipe.pairs}" in text
    for path in (run / "samples.jsonl", Path(recipe.pairs), Path(recipe.splits)):
        assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}" in text
    assert f"Python {platform.python_version()}" in page


def test_a_benchmark_in_a_folder_is_told_file_by_file(whole: tuple[Path, Any, str]) -> None:
    run, recipe, _ = whole
    recipe = dataclasses.replace(recipe, pairs="data/neggenbench")
    told = repeat(recipe, run, read_metrics(run), None).hashes
    for path in (Path("data/neggenbench/dev.jsonl"), Path("data/neggenbench/test.jsonl")):
        assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}" in told


def test_the_names_of_people_who_labelled_are_not_on_the_page() -> None:
    recipe = "source: people\nannotators: [ada, grace]\nport: 8090\n"
    told = _without_names(recipe)
    assert "ada" not in told
    assert "annotators: 2 people" in told
    assert _without_names("# As it is\nsource: simulated\n") == "# As it is\nsource: simulated\n"
