"""The figures: every method told apart by colour and marker, also those that are not ours."""

from __future__ import annotations

from negjudge.evaluation.methods.table import MethodRow
from negjudge.report.figures.run import METHOD_STYLES, budget, method_styles, tradeoff
from negjudge.statistics.clusters import Interval
from negjudge.tuning.trials import Trial

OTHERS = [f"method {number}" for number in range(20)]


def row(method: str) -> MethodRow:
    rate = Interval(0.5, 0.4, 0.6)
    return MethodRow(method, {}, 8, 4, rate, rate, rate, None, None, undecided=0.0, evaluations=None)


def test_ours_keep_their_look_and_others_get_one_of_their_own() -> None:
    styles = method_styles(["gpt-image", "vsf", *OTHERS, "gpt-image", "nag"])
    assert {name: styles[name] for name in ("vsf", "nag")} == {n: METHOD_STYLES[n] for n in ("vsf", "nag")}
    assert len(set(styles.values())) == len(styles) == 23
    assert styles == method_styles(styles)


def test_a_method_from_elsewhere_is_drawn_under_its_own_name() -> None:
    rows = [row(method) for method in ("vsf", "gpt-image", "VSF, leak")]
    trials = [Trial("gpt-image", n, {}, 8, 64, 0.1, 0.9, 0.1, 0.0, 0.1 * n, "") for n in range(2)]
    styles = method_styles(row.method for row in rows)
    svg = tradeoff(rows, "removed", "kept", trials, styles).element()
    for name, (colour, _) in styles.items():
        assert colour in svg
        assert f">{ {'vsf': 'VSF'}.get(name, name) }<" in svg
    assert styles["gpt-image"][0] in budget(trials, styles).element()
