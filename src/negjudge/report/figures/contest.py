"""A contest's figures: the frontier of each contestant, and best of n against what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from negjudge.guidance.methods import METHOD_NAMES
from negjudge.report.figures.drawing import INK, Drawing
from negjudge.report.figures.run import HEIGHT, WIDTH, Styles, unit_axes, whiskers

Row = Mapping[str, Any]


def frontier(points: Sequence[Row], plain: Row, across: str, up: str, styles: Styles) -> Drawing:
    """Return every frozen setting in two measures; the chosen ones are large, with both intervals.

    A line joins a contestant's settings from the least to the most removed; ``plain`` is no guidance, which
    is a point of every contestant's hull; ``styles`` are the page's, by method.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    told = [point for point in points if point[across] is not None and point[up] is not None]
    for name in dict.fromkeys(point["method"] for point in told):
        colour, marker = styles[name]
        mine = sorted((p for p in told if p["method"] == name), key=lambda p: p["removed"]["estimate"])
        x, y = ([point[axis]["estimate"] for point in mine] for axis in (across, up))
        axes.plot(x, y, marker, color=colour, markersize=3, linewidth=1, linestyle="-", alpha=0.6)
    for point in (plain, *(point for point in told if point["chosen"])):
        colour, marker = styles[point["method"]]
        axes.errorbar(
            point[across]["estimate"], point[up]["estimate"], xerr=whiskers(point[across]),
            yerr=whiskers(point[up]), fmt=marker, color=colour, markersize=7, elinewidth=1,
            label=METHOD_NAMES[point["method"]],
        )  # fmt: skip
    unit_axes(axes, across, up)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=5)
    return Drawing(figure, f"frontier-{across}-{up}", f"{up} against {across} at every frozen setting")


def best_of(rows: Sequence[Row], pickers: Mapping[str, str], styles: Styles) -> Drawing:
    """Return success against the denoiser evaluations that n pictures cost; a line style a picker.

    ``pickers`` names those that are drawn, by their key.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    lines = dict(zip(pickers, ("-", "--", ":", "-."), strict=False))
    for name in dict.fromkeys(row["method"] for row in rows):
        colour, marker = styles[name]
        for picker, line in lines.items():
            mine = [row for row in rows if (row["method"], row["picker"]) == (name, picker)]
            if mine:
                x, y = [row["evaluations"] for row in mine], [row["success"]["estimate"] for row in mine]
                label = METHOD_NAMES[name] if line == "-" else None
                axes.plot(x, y, line, marker=marker, color=colour, markersize=4, linewidth=1.2, label=label)
    for picker, line in lines.items():
        axes.plot([], [], line, color=INK, linewidth=1.2, label=f"picked by {pickers[picker]}")
    axes.set_xscale("log", base=2)
    ticks = sorted({row["evaluations"] for row in rows if row["n"] in (1, 2, 4, 8, 16)})
    axes.set_xticks(ticks, list(map(str, ticks)))
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("denoiser evaluations for all n pictures", fontsize=9)
    axes.set_ylabel("success of the picked picture", fontsize=9)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=3)
    return Drawing(figure, "best-of-n", "success of the best of n pictures against their cost")
