"""A contest's figures: the frontier of each contestant, and best of n against what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from negjudge.evaluation.methods.table import rate_in
from negjudge.evaluation.tradeoffs.best_of import BestOf
from negjudge.evaluation.tradeoffs.frontier import Point
from negjudge.guidance.methods import METHOD_NAMES
from negjudge.report.figures.drawing import INK, Drawing
from negjudge.report.figures.run import HEIGHT, WIDTH, Styles, point, unit_axes


def frontier(points: Sequence[Point], plain: Point, across: str, up: str, styles: Styles) -> Drawing:
    """Return every frozen setting in two measures; the chosen ones are large, with both intervals.

    A line joins a contestant's settings from the least to the most removed; ``plain`` is no guidance, which
    is a point of every contestant's hull; ``styles`` are the page's, by method.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    told = [(one, x, y) for one in points if (x := rate_in(one, across)) and (y := rate_in(one, up))]
    for name in dict.fromkeys(one.method for one, _, _ in told):
        colour, marker = styles[name]
        mine = sorted((t for t in told if t[0].method == name), key=lambda t: t[0].removed.estimate)
        xs, ys = [x.estimate for _, x, _ in mine], [y.estimate for _, _, y in mine]
        axes.plot(xs, ys, marker, color=colour, markersize=3, linewidth=1, linestyle="-", alpha=0.6)
    for one in (plain, *(one for one in points if one.chosen)):
        point(axes, one, across, up, styles, 7)
    unit_axes(axes, across, up)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=5)
    return Drawing(figure, f"frontier-{across}-{up}", f"{up} against {across} at every frozen setting")


def best_of(rows: Sequence[BestOf], pickers: Mapping[str, str], styles: Styles) -> Drawing:
    """Return success against the denoiser evaluations that n pictures cost; a line style a picker.

    ``pickers`` names those that are drawn, by their key.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    lines = dict(zip(pickers, ("-", "--", ":", "-."), strict=False))
    for name in dict.fromkeys(row.method for row in rows):
        colour, marker = styles[name]
        for picker, line in lines.items():
            mine = [row for row in rows if (row.method, row.picker) == (name, picker)]
            if mine:
                x, y = [row.evaluations for row in mine], [row.success.estimate for row in mine]
                label = METHOD_NAMES[name] if line == "-" else None
                axes.plot(x, y, line, marker=marker, color=colour, markersize=4, linewidth=1.2, label=label)
    for picker, line in lines.items():
        axes.plot([], [], line, color=INK, linewidth=1.2, label=f"picked by {pickers[picker]}")
    axes.set_xscale("log", base=2)
    ticks = sorted({row.evaluations for row in rows if row.n in (1, 2, 4, 8, 16)})
    axes.set_xticks(ticks, list(map(str, ticks)))
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("denoiser evaluations for all n pictures", fontsize=9)
    axes.set_ylabel("success of the picked picture", fontsize=9)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=3)
    return Drawing(figure, "best-of-n", "success of the best of n pictures against their cost")
