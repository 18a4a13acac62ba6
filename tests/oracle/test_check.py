"""The check of the oracle by eye, read back: shares with their intervals, and files of another form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from negjudge.errors import NegjudgeError
from negjudge.oracle.check import read_oracle_check


def written(folder: Path, content: Any) -> str:
    path = folder / "check.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_errors_stand_in_the_order_of_the_methods_with_wilsons_interval(tmp_path: Path) -> None:
    checked = {"nag": {"pictures": 20, "wrong": 1, "unclear": 3}, "vsf": {"pictures": 60, "wrong": 0}}
    vsf, nag = read_oracle_check(written(tmp_path, checked))
    assert (vsf.method, vsf.pictures, vsf.unclear) == ("vsf", 60, 0)
    assert (nag.method, nag.pictures, nag.unclear) == ("nag", 20, 3)
    assert (nag.error.estimate, vsf.error.estimate, vsf.error.low) == (0.05, 0.0, 0.0)
    # Wilson's upper end of 0 of n: z² / (n + z²).
    assert vsf.error.high == pytest.approx(1.959964**2 / (60 + 1.959964**2), abs=1e-6)


def test_what_is_no_method_is_passed_over_and_no_path_is_no_check(tmp_path: Path) -> None:
    assert read_oracle_check(written(tmp_path, {"by": "eye", "gpt": {}})) == []
    assert read_oracle_check(None) == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, of none of no pictures
@pytest.mark.parametrize(
    "content",
    ["{", "3", {"vsf": 3}, {"vsf": {"pictures": 60}}, {"vsf": {"pictures": 0, "wrong": 0}},
     {"vsf": {"pictures": "many", "wrong": 0}}],
)  # fmt: skip
def test_a_file_of_another_form_is_named(tmp_path: Path, content: Any) -> None:
    with pytest.raises(NegjudgeError, match=r"check\.json is not an oracle check; expected"):
        read_oracle_check(written(tmp_path, content))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(NegjudgeError, match=r"nowhere\.json is missing; leave oracle_check out"):
        read_oracle_check("nowhere.json")
