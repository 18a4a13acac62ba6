"""A figure's files: vectors, the same whenever they are drawn, and none of another time."""

from __future__ import annotations

from pathlib import Path

from negjudge.evaluation.methods.table import MethodRow
from negjudge.report.figures.drawing import write_figures
from negjudge.report.figures.run import method_styles, tradeoff
from negjudge.statistics.clusters import Interval


def test_files_of_a_figure_are_vectors_that_stay_the_same(tmp_path: Path) -> None:
    rate = Interval(0.5, 0.4, 0.6)
    rows = [
        MethodRow(method, {}, 8, 4, rate, rate, rate, None, None, undecided=0.0, evaluations=None)
        for method in ("vsf", "nag")
    ]
    drawings = [tradeoff(rows, "removed", "kept", (), method_styles(("vsf", "nag"))) for _ in range(2)]
    (tmp_path / "gone.pdf").write_bytes(b"of another time")
    write_figures(tmp_path, drawings[:1])
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(first) == ["removed-kept.pdf", "removed-kept.svg"]
    assert first["removed-kept.pdf"].startswith(b"%PDF-")
    assert b"/Subtype /Image" not in first["removed-kept.pdf"]
    assert b"<image" not in first["removed-kept.svg"]
    write_figures(tmp_path, drawings[1:])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
