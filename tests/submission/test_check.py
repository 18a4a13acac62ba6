"""A submission in order passes, and a spoiled one is told line by line."""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from submitted import DEV, TEST, Claims, Rows, claims_of, rows_of

from negjudge.cli.main import main
from negjudge.submission.check import check_submission

DIGEST = "0" * 64


@pytest.fixture
def copy(made: tuple[Path, Path], tmp_path: Path) -> Path:
    shutil.copytree(made[1], tmp_path / "sub")
    return tmp_path / "sub"


def write(folder: Path, claims: Claims, rows: Rows) -> None:
    (folder / "submission.json").write_text(json.dumps(claims))
    (folder / "outcomes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_whole_one_passes_as_json_lines_and_as_csv(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submission", "check", str(copy)]) == 0
    assert "is in order" in capsys.readouterr().out
    rows = rows_of(copy)
    with open(copy / "outcomes.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert "has both" in check_submission(copy).faults[0]
    (copy / "outcomes.jsonl").unlink()
    assert check_submission(copy).faults == []


def flip(claims: Claims, rows: Rows) -> None:
    row = next(
        row for row in rows if (row["source"], row["method"]) == ("oracle", "vsf") and not row["success"]
    )
    row.update(kept=True, removed=True, success=True)


def raise_claim(claims: Claims, rows: Rows) -> None:
    claims["figures"][1]["success"]["high"] += 0.0001


def lose(claims: Claims, rows: Rows) -> None:
    rows[:] = [row for row in rows if (row["pair"], row["method"]) != (TEST[3], "nag")]


def repeat(claims: Claims, rows: Rows) -> None:
    rows.append(rows[0])


def train(claims: Claims, rows: Rows) -> None:
    rows.append({**rows[0], "pair": DEV[0], "sha256": DIGEST})


def unequal(claims: Claims, rows: Rows) -> None:
    claims["methods"][1]["search"]["trials"] = 40


def unsaid(claims: Claims, rows: Rows) -> None:
    claims.update(equal_budgets=False, budgets_note=" ")


def peek(claims: Claims, rows: Rows) -> None:
    for method in claims["methods"][1:]:
        method["search"]["dev_pairs"] = [*DEV, TEST[0]]


def contradict(claims: Claims, rows: Rows) -> None:
    row = next(row for row in rows if row["source"] == "labels" and not row["kept"] and not row["success"])
    row["success"] = True


def spill(claims: Claims, rows: Rows) -> None:
    next(row for row in rows if row["collateral"] is not None)["collateral"] = 2.0


def anonymous(claims: Claims, rows: Rows) -> None:
    next(w for w in claims["witnesses"] if w["source"] == "tuned")["fingerprint"] = ""


def other_pairs(claims: Claims, rows: Rows) -> None:
    claims["benchmark"]["pairs_sha256"] = DIGEST


def leave_out(claims: Claims, rows: Rows) -> None:
    claims["figures"].pop()


def invent(claims: Claims, rows: Rows) -> None:
    claims["differences"].append({**claims["differences"][0], "second": "cfg"})


def unlisted(claims: Claims, rows: Rows) -> None:
    claims["methods"].pop()


def bare(claims: Claims, rows: Rows) -> None:
    rows[0]["sha256"] = "x"


SPOILED: list[tuple[Callable[[Claims, Rows], None], str]] = [
    (flip, "figures: vsf by oracle: success is claimed as"),
    (raise_claim, "figures: vsf by oracle: success is claimed as"),
    (lose, f"outcomes: nag by oracle lacks 1 test pairs: {TEST[3]}"),
    (repeat, "2 times"),
    (train, f"outcomes: dev pairs, on which settings were chosen: {DEV[0]}"),
    (unequal, "budgets: stated to be equal, but the searches for vsf and nag differ"),
    (unsaid, "budgets: stated to be unequal, and budgets_note does not say how"),
    (peek, f"methods: the setting of vsf was searched on test pairs: {TEST[0]}"),
    (contradict, "by labels: success is not kept and removed together"),
    (spill, "by oracle: collateral is 2, not from 0 to 1"),
    (anonymous, "witnesses: the judge tuned has no fingerprint"),
    (other_pairs, "benchmark: data/mini/pairs.jsonl has SHA-256"),
    (leave_out, "is not claimed, though the outcomes give it"),
    (invent, "less cfg by oracle is claimed, and the outcomes do not give it"),
    (unlisted, "methods: nag is in the outcomes alone"),
    (bare, "has no SHA-256 of its picture"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILED, ids=[spoil.__name__ for spoil, _ in SPOILED])
def test_a_spoiled_one_is_told(copy: Path, spoil: Callable[[Claims, Rows], None], said: str) -> None:
    claims, rows = claims_of(copy), rows_of(copy)
    spoil(claims, rows)
    write(copy, claims, rows)
    faults = check_submission(copy).faults
    assert [fault for fault in faults if said in fault]


def test_pictures_that_look_alike_are_no_fault(copy: Path) -> None:
    """Guidance that did nothing, or a filter's black picture: a failure, and it counts."""
    claims, rows = claims_of(copy), rows_of(copy)
    for row in rows:
        row["sha256"] = DIGEST
    write(copy, claims, rows)
    assert check_submission(copy).faults == []


def test_the_order_of_lines_says_nothing(copy: Path) -> None:
    claims, rows = claims_of(copy), rows_of(copy)
    random.Random(1).shuffle(rows)
    write(copy, claims, rows)
    assert check_submission(copy).faults == []


def test_every_fault_is_a_line_and_the_code_is_2(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claims, rows = claims_of(copy), rows_of(copy)
    anonymous(claims, rows)
    unsaid(claims, rows)
    rows[0]["kept"] = "perhaps\n\x1b[31m"
    write(copy, claims, rows)
    with open(copy / "outcomes.jsonl", "a") as file:
        file.write("{torn\n")
    assert main(["submission", "check", str(copy)]) == 2
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert f"{copy}/outcomes.jsonl:1: field 'kept' is" in lines[0]
    assert f"{copy}/outcomes.jsonl:{len(rows) + 1}: not valid JSON" in lines[1]
    assert {line.split(":")[0] for line in lines[2:]} >= {"witnesses", "budgets", "figures"}
    assert "\x1b" not in said.out
    assert said.err == f"error: {copy} has {len(lines)} faults; see above\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is missing; `negjudge submission make` writes it"),
        ("{", "is not valid JSON"),
        ("[]", "is not of format 1"),
        ('{"format": 2}', "is not of format 1"),
        ('{"format": 1}', "field 'benchmark' of the Submission is missing"),
    ],
)
def test_claims_that_cannot_be_read(copy: Path, content: str | None, said: str) -> None:
    (copy / "submission.json").unlink()
    if content is not None:
        (copy / "submission.json").write_text(content)
    (fault,) = check_submission(copy).faults
    assert said in fault


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claim": 1}, "unknown field 'claim'"),
        ({"draws": "many"}, "field 'draws' is 'many', expected int"),
        ({"draws": 10**9}, "draws: 1000000000 bootstrap draws"),
        (
            {"benchmark": {"name": "../mini", "pairs_sha256": "", "splits_sha256": ""}},
            "is no name of a folder",
        ),
        ({"figures": [{"source": "oracle"}]}, "figures[0]: field 'method' of the Figures is missing"),
    ],
)
def test_claims_of_another_form(copy: Path, change: Claims, said: str) -> None:
    write(copy, claims_of(copy) | change, rows_of(copy))
    assert any(said in fault for fault in check_submission(copy).faults)
