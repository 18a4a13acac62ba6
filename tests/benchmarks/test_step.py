"""The benchmark of whole steps runs on every family, and counts what each method must at least cost."""

import re

import pytest

from benchmarks import step
from benchmarks.step import KERNELS, flux, main, sd3, wan


@pytest.mark.parametrize(
    "subject",
    [sd3(2, 1, 64), flux(1, 1, 1, 64), wan(1, 1, 4, 4, heads=1)],
    ids=lambda subject: subject.name[:4],
)
def test_two_rounds_on_a_cpu(subject, monkeypatch, capsys):
    monkeypatch.setattr(step, "subjects", lambda device: [subject])
    main(["--device", "cpu", "--rounds", "2", "--negatives", "4", "16"])
    printed = capsys.readouterr().out
    assert subject.name in printed
    lines = [line for line in printed.splitlines() if line.startswith("|")]
    head, rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head == ["N", "ms plain", "CFG", *KERNELS]
    assert [row[0] for row in rows] == ["4", "16"]
    floors = []
    for row in rows:
        assert len(row) == len(head) == len(rule)
        cells = [re.fullmatch(r"\d+\.\d{3} \((\d+\.\d{3})\)", cell) for cell in row[2:]]
        assert all(cells)
        floors.append({name: float(cell[1]) for name, cell in zip(head[2:], cells, strict=True)})
    for floor in floors:
        assert floor["CFG"] == pytest.approx(2, abs=0.02)
        assert all(1 < floor[name] < floor["CFG"] for name in ("VSF", "VSF, offset 0.2"))
    assert all(floors[0][name] < floors[1][name] for name in KERNELS)
