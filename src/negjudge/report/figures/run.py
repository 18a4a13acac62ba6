"""The figures of every run: methods, judges, the search and the training."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from negjudge.evaluation.evidence.candidates import BASE, TUNED
from negjudge.evaluation.judges.answers import AFFIRMATIVE, BASE_JUDGE, REFITTED, TUNED_JUDGE
from negjudge.evaluation.judges.controls import GUESSER, TEXT_ONLY
from negjudge.evaluation.judges.polarity import Polarity
from negjudge.evaluation.judges.quality import JudgeRow, Reliability
from negjudge.evaluation.methods.table import Rated, rate_in
from negjudge.evaluation.wording import STRATUM_NAMES
from negjudge.guidance.methods import METHOD_NAMES, METHODS
from negjudge.report.figures.drawing import FAINT, Drawing
from negjudge.statistics.clusters import Interval
from negjudge.tuning.trials import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Styles = Mapping[str, tuple[str, str]]

# Okabe and Ito's palette, which most colour-blind people tell apart; markers differ as well.
_OURS = (("#6b7280", "o"), ("#0072b2", "s"), ("#d55e00", "D"), ("#009e73", "^"), ("#cc79a7", "v"))
METHOD_STYLES = dict(zip(METHODS, _OURS, strict=False))
# For the other methods, in the order in which they appear; after the last, the next round of markers.
OTHER_COLOURS = ("#e69f00", "#56b4e9", "#882255", "#332288", "#999933", "#117733")
OTHER_MARKERS = ("P", "X", "*", "p", "h", "<", ">")
JUDGE_STYLES = {
    TEXT_ONLY: ("#9ca3af", "x"),
    GUESSER: ("#6b7280", "+"),
    BASE_JUDGE: ("#56b4e9", "o"),
    AFFIRMATIVE: ("#009e73", "^"),
    REFITTED: ("#0072b2", "s"),
    TUNED_JUDGE: ("#d55e00", "D"),
}
POLARITY_STYLES = {BASE: JUDGE_STYLES[BASE_JUDGE], TUNED: JUDGE_STYLES[TUNED_JUDGE]}
WIDTH, HEIGHT = 4.6, 3.4  # inches; the page scales it to its column


def method_styles(methods: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return a colour and a marker for each method: its own in METHOD_STYLES, or the next.

    Give it all methods of a page at once, so that a method looks the same in every figure.
    """
    found: dict[str, tuple[str, str]] = {}
    others = zip(itertools.cycle(OTHER_COLOURS), itertools.cycle(OTHER_MARKERS), strict=True)
    for method in methods:
        if method not in found:
            found[method] = METHOD_STYLES.get(method) or next(others)
    return found


def tradeoff(
    rows: Sequence[Rated], across: str, up: str, history: Sequence[Trial] = (), styles: Styles | None = None
) -> Drawing:
    """Return where each method lies in two measures, with both intervals.

    ``history`` are the settings tried on dev, drawn as small dots; ``styles`` are the page's, by method.
    """
    from matplotlib.figure import Figure

    methods = [*(row.method for row in rows), *(trial.method for trial in history)]
    styles = styles or method_styles(methods)
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    for trial in history:
        x, y = getattr(trial, across), getattr(trial, up)
        axes.plot(x, y, ".", color=styles[trial.method][0], alpha=0.35, markersize=4, markeredgewidth=0)
    for row in rows:
        point(axes, row, across, up, styles, 6)
    unit_axes(axes, across, up)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=5)
    return Drawing(figure, f"{across}-{up}", f"{up} against {across}, by method")


def point(axes: Axes, row: Rated, across: str, up: str, styles: Styles, size: float) -> None:
    """Draw where a method lies in two measures, with both intervals; nothing where one is not told."""
    x, y = rate_in(row, across), rate_in(row, up)
    if x is None or y is None:
        return
    colour, marker = styles[row.method]
    axes.errorbar(
        x.estimate, y.estimate, xerr=whiskers(x), yerr=whiskers(y), fmt=marker, color=colour,
        markersize=size, elinewidth=1, label=METHOD_NAMES[row.method],
    )  # fmt: skip


def strata(rows: Sequence[JudgeRow]) -> Drawing:
    """Return each judge's balanced accuracy by stratum, with intervals; ``rows`` of one topic and truth."""
    from matplotlib.figure import Figure

    shown = [(row, row.quality) for row in rows if row.judge in JUDGE_STYLES and row.quality is not None]
    names = list(dict.fromkeys(row.stratum for row, _ in shown))
    figure = Figure(figsize=(2 * WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    for number, (judge, (colour, marker)) in enumerate(JUDGE_STYLES.items()):
        mine = [(row, quality.balanced_accuracy) for row, quality in shown if row.judge == judge]
        told = [(row, accuracy) for row, accuracy in mine if not math.isnan(accuracy.estimate)]
        for row, accuracy in told:
            place = names.index(row.stratum) + (number - 2.5) * 0.11
            axes.errorbar(
                place, accuracy.estimate, yerr=whiskers(accuracy), fmt=marker, color=colour, markersize=6,
                elinewidth=1,
            )  # fmt: skip
        if told:
            axes.plot([], [], marker, color=colour, label=judge)
    axes.axhline(0.5, color=FAINT, linewidth=1, zorder=0)
    axes.set_xticks(range(len(names)), [STRATUM_NAMES[name] for name in names], fontsize=9)
    axes.set_ylabel("balanced accuracy", fontsize=9)
    axes.set_ylim(0.0, 1.03)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=3)
    return Drawing(figure, "strata", "balanced accuracy of the judges by stratum")


def polarity(rows: Sequence[Polarity]) -> Drawing:
    """Return how well each judge answers a question and its negation; ``rows`` of one stratum and truth."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.3 * WIDTH, 0.62 * HEIGHT), layout="constrained")
    axes = figure.subplots()
    shown = [row for row in rows if row.judge in POLARITY_STYLES]
    for number, row in enumerate(shown):
        colour, marker = POLARITY_STYLES[row.judge]
        for place, rate in enumerate((row.negated, row.affirmative)):
            axes.errorbar(
                rate.estimate, place + (len(shown) - 1 - 2 * number) * 0.12, xerr=whiskers(rate), fmt=marker,
                color=colour, markersize=8, elinewidth=1.5, label=row.judge if place else None,
            )  # fmt: skip
    axes.axvline(0.5, color=FAINT, linewidth=1, zorder=0)
    axes.text(0.5, 1.62, "guessing", fontsize=8, ha="center", va="bottom", color="#6b7280")
    axes.set_yticks((0, 1), ["“Does it lack wheels?”", "“Does it show wheels?”"], fontsize=9)
    axes.set_ylim(-0.6, 1.6)
    axes.set_xlim(0.0, 1.03)
    axes.set_xlabel("balanced accuracy", fontsize=9)
    figure.legend(fontsize=9, frameon=False, loc="outside lower center", ncols=2)
    return Drawing(figure, "polarity", "balanced accuracy on a question and on its negation")


def reliability(curves: Sequence[Reliability]) -> Drawing:
    """Return the share of "yes" against the probability of "yes"; a dot's area tells how many."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, zorder=0)
    for row in curves:
        colour, _ = JUDGE_STYLES[row.judge]
        curve, total = row.curve, sum(row.curve.count)
        axes.plot(curve.confidence, curve.frequency, color=colour, linewidth=1.2, label=row.judge)
        areas = [12 + 260 * count / total for count in curve.count]
        axes.scatter(curve.confidence, curve.frequency, s=areas, color=colour, alpha=0.6, linewidths=0)
    unit_axes(axes, 'probability of "yes"', 'share of "yes"')
    axes.legend(fontsize=8, frameon=False, loc="upper left")
    return Drawing(figure, "reliability", "reliability diagram of the judges")


def training(curve: Sequence[Mapping[str, float]]) -> Drawing:
    """Return training and validation loss by step; ``curve`` is what the trainer logged, loss by loss."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    for key, label, colour in (("loss", "training", "#9ca3af"), ("eval_loss", "validation", "#d55e00")):
        points = [(entry["step"], entry[key]) for entry in curve if key in entry]
        if points:
            marker = "o" if key == "eval_loss" else ""
            axes.plot(*zip(*points, strict=True), marker=marker, markersize=4, color=colour, label=label)
    axes.set_xlabel("step", fontsize=9)
    axes.set_ylabel("cross-entropy of the answer", fontsize=9)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, frameon=False)
    return Drawing(figure, "training", "training and validation loss by step")


def budget(history: Sequence[Trial], styles: Styles | None = None) -> Drawing:
    """Return each method's best success on the dev pairs so far, by settings tried."""
    from matplotlib.figure import Figure

    styles = styles or method_styles(trial.method for trial in history)
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    for method, (colour, _) in styles.items():
        trials = [trial for trial in history if trial.method == method]
        if trials:
            tried, best = [trial.number + 1 for trial in trials], [trial.best for trial in trials]
            axes.step(tried, best, where="post", color=colour, label=METHOD_NAMES[method])
    axes.set_xlabel("settings tried", fontsize=9)
    axes.set_ylabel("best success on dev so far", fontsize=9)
    axes.set_ylim(0, 1.03)
    axes.legend(fontsize=8, frameon=False)
    return Drawing(figure, "budget", "best success on the dev pairs by settings tried")


def whiskers(interval: Interval) -> list[list[float]] | None:
    """Return an interval's arms as matplotlib wants them; ``None`` where it has no ends."""
    if interval.low is None or interval.high is None:
        return None
    return [[interval.estimate - interval.low], [interval.high - interval.estimate]]


def unit_axes(axes: Axes, across: str, up: str) -> None:
    """Name the axes of two shares, and show all of both."""
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel(across, fontsize=9)
    axes.set_ylabel(up, fontsize=9)
