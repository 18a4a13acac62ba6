"""A stranger's submission is read as it was meant, or told with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from negjudge.errors import NegjudgeError
from negjudge.submission.format import OutcomeLine
from negjudge.submission.reading import read_claims, read_outcomes

ROW = OutcomeLine("oracle", "12", "1e3", 7, "0" * 64, True, False, False, 0.25)
HEAD = "source,pair,method,seed,sha256,kept,removed,success,collateral"
CSV = f"oracle,12,1e3,7,{'0' * 64},true,FALSE,False,0.25"


def json_line(**changes: object) -> str:
    return json.dumps({**ROW.__dict__, **changes})


def test_cells_are_what_json_would_have_and_names_stay_names(tmp_path: Path) -> None:
    text = f"\ufeff{HEAD}\r\n{CSV}\r\n{CSV[: -len('0.25')]}\r\n"  # as Excel saves it
    (tmp_path / "outcomes.csv").write_text(text, encoding="utf-8", newline="")
    (whole, without), faults = read_outcomes(tmp_path)
    assert faults == []
    assert whole == ROW
    assert without.collateral is None


def test_json_lines_are_read_past_blank_ones_and_faults(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    lines = [json_line(), "", json_line(seed="seven"), "{torn", "[1]", json_line(kept=1), json_line(seed=8)]
    path.write_text("\n".join(lines))
    outcomes, faults = read_outcomes(tmp_path)
    assert [outcome.seed for outcome in outcomes] == [7, 8]
    assert [fault.split(": ")[0] for fault in faults] == [f"{path}:{line}" for line in (3, 4, 5, 6)]
    for fault, said in zip(
        faults,
        ("field 'seed' is 'seven'", "not valid JSON", "not a JSON object", "field 'kept' is 1"),
        strict=True,
    ):
        assert said in fault


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (CSV + ",more", "it has more or fewer cells than the header"),
        ("oracle,12", "it has more or fewer cells than the header"),
        (CSV.replace("true", "perhaps"), "field 'kept' is 'perhaps'"),
        (f'"oracle"x{CSV[6:]}', "not valid CSV"),
    ],
)
def test_a_csv_line_that_is_none_is_told(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text(f"{HEAD}\n{CSV}\n{line}\n")
    outcomes, (fault,) = read_outcomes(tmp_path)
    assert outcomes == [ROW]
    assert fault.startswith(f"{path}:3: ")
    assert said in fault


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "has neither outcomes.jsonl and outcomes.csv"),
        ({"outcomes.csv": b"", "outcomes.jsonl": b""}, "has both outcomes.jsonl and outcomes.csv"),
        ({"outcomes.csv": HEAD.encode("utf-16")}, "is not in UTF-8"),
    ],
)
def test_outcomes_are_one_file_in_utf_8(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(NegjudgeError, match=said):
        read_outcomes(tmp_path)


@pytest.mark.parametrize(
    "content", [b"{", b'{"format": NaN}', "{“format”: 1}".encode(), b"\xff", b"[" * 100_000]
)
def test_claims_that_are_no_json_are_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "submission.json").write_bytes(content)
    with pytest.raises(NegjudgeError, match=r"submission\.json is not valid JSON in UTF-8$"):
        read_claims(tmp_path)
