"""Files of a figure are vectors that stay the same."""

from __future__ import annotations

from pathlib import Path

from negjudge.report.figures.drawing import write_figures
from negjudge.report.figures.run import method_styles, tradeoff


def rate(estimate: float) -> dict[str, float]:
    return {"estimate": estimate, "low": estimate - 0.1, "high": estimate + 0.1}


def test_files_of_a_figure_are_vectors_that_stay_the_same(tmp_path: Path) -> None:
    rows = [{"method": m, "removed": rate(0.5), "kept": rate(0.8)} for m in ("vsf", "nag")]
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
