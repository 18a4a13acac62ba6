"""The study of packed training runs a step or two of each form, and prints a row for each."""

import re

from studies import packing
from studies.packing import Form, main


def test_a_row_a_form_and_seed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(packing, "FORMS", (Form(False, 12), Form(True, 12)))
    main(["--run", str(tmp_path / "run"), "--pictures", "1", "--seeds", "1", "--epochs", "0.2"])
    printed = capsys.readouterr().out
    assert "21 pictures of train, 10 pictures of validation" in printed
    rows = [line.strip("|").split("|") for line in printed.splitlines() if "questions a step |" in line]
    assert [row[0].strip() for row in rows] == [
        "one by one, 12 questions a step",
        "packed, 12 questions a step",
    ]
    assert all(re.fullmatch(r" \d\.\d{4} ", row[3]) for row in rows)
    assert printed.count("standard deviation") == 2
