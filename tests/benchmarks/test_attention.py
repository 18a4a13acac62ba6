"""The benchmark of the kernels runs, its forms of VSF agree, and it prints a ratio for each of them."""

import re

from benchmarks import attention
from benchmarks.attention import Shape, main

SHAPES = [Shape("joint", 1, 2, 8, 16, 6, 2), Shape("cross", 2, 1, 8, 16, 6, 2, cross=True)]


def test_two_rounds_on_a_cpu(monkeypatch, capsys):
    monkeypatch.setattr(attention, "ON_CPU", SHAPES)
    main(["--device", "cpu", "--rounds", "2"])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    head, rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head[:3] == ["shape", "I + P + N", "ms plain"]
    assert {"CFG", "NAG", "NASA", "VSF dense mask"} < set(head)
    assert [row[:2] for row in rows] == [["joint", "16 + 6 + 2"], ["cross", "16 + 6 + 2"]]
    for row in rows:
        assert len(row) == len(head) == len(rule)
        assert all(re.fullmatch(r"\d+\.\d\d", cell) for cell in row[2:])
