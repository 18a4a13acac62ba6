"""The figures: every method told apart by colour and marker, also those that are not ours."""

from __future__ import annotations

from pathlib import Path

from negjudge.report.figures.drawing import write_figures
from negjudge.report.figures.run import METHOD_STYLES, budget, method_styles, tradeoff

OTHERS = [f"method {number}" for number in range(20)]


def rate(estimate: float) -> dict[str, float]:
    return {"estimate": estimate, "low": estimate - 0.1, "high": estimate + 0.1}


def test_ours_keep_their_look_and_others_get_one_of_their_own() -> None:
    styles = method_styles(["gpt-image", "vsf", *OTHERS, "gpt-image", "nag"])
    assert {name: styles[name] for name in ("vsf", "nag")} == {n: METHOD_STYLES[n] for n in ("vsf", "nag")}
    assert len(set(styles.values())) == len(styles) == 23
    assert styles == method_styles(styles)


def test_a_method_from_elsewhere_is_drawn_under_its_own_name() -> None:
    rows = [{"method": m, "removed": rate(0.5), "kept": rate(0.8)} for m in ("vsf", "gpt-image", "VSF, leak")]
    trials = [
        {"method": "gpt-image", "number": n, "removed": 0.1, "kept": 0.9, "best": 0.1 * n} for n in range(2)
    ]
    styles = method_styles(row["method"] for row in rows)
    svg = tradeoff(rows, "removed", "kept", trials, styles).element()
    for name, (colour, _) in styles.items():
        assert colour in svg
        assert f">{ {'vsf': 'VSF'}.get(name, name) }<" in svg
    assert styles["gpt-image"][0] in budget(trials, styles).element()


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
