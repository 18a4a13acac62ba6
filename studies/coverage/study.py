"""The coverage of our intervals, and the worth of a judge's predictions, on a run's design and pictures."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negjudge.data.durable import write_atomically
from negjudge.data.pairs import read_pairs
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.evidence import Evidence, judge_verdicts, read_run
from negjudge.evaluation.evidence.scored import by_labels, methods_in
from negjudge.evaluation.labels.few import pool_of
from negjudge.progress import progress_bar
from studies.coverage.design import Design, Effects, Group, fit
from studies.coverage.savings import Resampled, resample
from studies.coverage.simulation import Cell, Setting, all_labelled, biased_judge, few_labelled

FILE, TABLE = "coverage.json", "coverage.csv"
LEVELS = {"weak": 0.1, "strong": 0.6}
# What a difference's second rate is, and what part of a biased judge's calls are "success" unseen.
APART, FORCED = {0.05: 0.25, 0.5: 0.25, 0.95: 0.75}, 0.2


@dataclass(frozen=True, kw_only=True)
class CoverageRecipe:
    """Simulates how often intervals cover the truth, and resamples a run's labels."""

    run: str
    """Run folder whose labels say how alike pictures are, and where the result is written."""
    pairs: str
    """JSONL file of the pairs of object and element."""
    splits: str
    """JSON file of which pair serves what."""
    test_seeds: int = 4
    """Pictures a test pair."""
    dev_seeds: int = 6
    """Pictures a dev pair."""
    benchmark: str | None = None
    """JSONL file of a larger benchmark's pairs; a made-up one of 200 pairs without it."""
    benchmark_pairs: int = 200
    """Pairs of the made-up benchmark, of which at most 3 share an object or an element."""
    rates: list[float] = field(default_factory=lambda: [0.05, 0.5, 0.95])
    """True rates."""
    accuracies: list[float] = field(default_factory=lambda: [0.7, 0.8, 0.9])
    """Accuracies of the simulated judges; the middle one is used where only one is."""
    label_share: float = 0.25
    """Share of the pictures that people label."""
    replications: int = 1000
    """Simulated runs in each setting."""
    resamples: int = 500
    """Draws of labels from the run's own."""
    draws: int = 500
    """Bootstrap draws behind every interval."""
    seed: int = 0
    """Seed of all random numbers."""

    def __post_init__(self) -> None:
        if not all(0 < rate < 1 for rate in (*self.rates, self.label_share)):
            raise ValueError("keys 'rates' and 'label_share' need numbers between 0 and 1")
        if not self.accuracies or not all(0.5 <= one < 1 for one in self.accuracies):
            raise ValueError("key 'accuracies' needs numbers from 0.5 to below 1")
        if min(self.replications, self.draws, self.test_seeds, self.dev_seeds, self.resamples) < 2:
            raise ValueError("keys that count need 2 or more")


@dataclass(frozen=True)
class Covered:
    """Everything that was simulated; ``alike`` says how alike the run's pictures are, by what they share."""

    recipe: CoverageRecipe
    alike: dict[str, float]
    effects: list[Effects]
    cells: list[Cell]
    resampled: list[Resampled]


def cover(recipe: CoverageRecipe, run: Path) -> Covered:
    """Simulate, resample, and write coverage.json and coverage.csv into the run folder.

    A run without labels has no fitted effects, and one without a judge's verdicts no resampled labels.
    """
    evidence = dataclasses.replace(read_run(recipe.pairs, recipe.splits, run), verdicts=judge_verdicts(run))
    effects, alike = _effects(evidence)
    cells = _simulate(recipe, _designs(recipe, evidence), effects)
    pool = pool_of(evidence, "tuned") if evidence.verdicts else None
    found = resample(pool, recipe.resamples, recipe.draws, recipe.seed) if pool and alike else []
    covered = Covered(recipe, alike, effects, cells, found)
    write_atomically(run / FILE, json.dumps(dataclasses.asdict(covered), indent=1) + "\n")
    write_atomically(run / TABLE, _csv(cells))
    return covered


def _designs(recipe: CoverageRecipe, evidence: Evidence) -> list[Design]:
    parts = {"test": recipe.test_seeds, "dev": recipe.dev_seeds}
    found = [
        Design.of(f"mini {part}", [evidence.pairs[i] for i in evidence.splits.methods[part]], seeds)
        for part, seeds in parts.items()
    ]
    if recipe.benchmark:
        pairs = list(read_pairs(recipe.benchmark).values())
        return [*found, Design.of(Path(recipe.benchmark).parent.name, pairs, recipe.test_seeds)]
    name = f"{recipe.benchmark_pairs} pairs"
    return [*found, Design.synthetic(name, recipe.benchmark_pairs, recipe.test_seeds)]


def _effects(evidence: Evidence) -> tuple[list[Effects], dict[str, float]]:
    stated = [Effects.of(name, correlation) for name, correlation in LEVELS.items()]
    scored = by_labels(evidence)
    groups = []
    for method in methods_in(one.sample for one in scored):
        own = [one for one in scored if one.sample.method == method]
        groups.append(
            Group(
                [one.sample.object for one in own],
                [one.sample.element for one in own],
                [float(one.success) for one in own],
            )
        )
    if not groups:
        return stated, {}
    try:
        fitted, alike = fit("fitted", groups)
    except ValueError as error:
        raise NegjudgeError(f"the labels in {evidence.run} tell no effects: {error}") from None
    return [fitted, *stated], alike


def _simulate(recipe: CoverageRecipe, designs: Sequence[Design], effects: Sequence[Effects]) -> list[Cell]:
    cells: list[Cell] = []
    middle = sorted(recipe.accuracies)[len(recipe.accuracies) // 2]
    with progress_bar("coverage", len(designs) * len(effects) * len(recipe.rates), "settings") as advance:
        for design in designs:
            for effect in effects:
                accuracies = recipe.accuracies if effect is effects[0] else [middle]
                for rate in recipe.rates:
                    setting = Setting(design, effect, rate, recipe.replications, recipe.draws, recipe.seed)
                    cells += all_labelled(setting, APART.get(rate, rate / 2))
                    for accuracy in accuracies:
                        cells += few_labelled(setting, accuracy, recipe.label_share)
                    if effect is effects[0]:
                        cells += biased_judge(setting, middle, recipe.label_share, FORCED)
                    advance()
    return cells


def _csv(cells: Sequence[Cell]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, [f.name for f in dataclasses.fields(Cell)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(dataclasses.asdict(cell) for cell in cells)
    return file.getvalue()


def lines(covered: Covered) -> Iterator[str]:
    """Yield the tables: a row for each interval, design and effects, a column for each true rate."""
    if covered.alike:
        shown = ", ".join(f"{name} {value:.2f}" for name, value in covered.alike.items())
        yield f"correlation of two pictures' success in this run, by what they share: {shown}"
    for one in covered.effects:
        yield f"effects {one.name}: variance of the log odds by object {one.object:.2f}, " + (
            f"element {one.element:.2f}, pair {one.pair:.2f}"
        )
    yield "\ncoverage of 95 % intervals, % ± Monte Carlo error (mean width)"
    rows: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in covered.cells:
        apart = cell.other is not None and cell.other != cell.rate
        name = cell.interval + (", apart" if apart else "")
        rows.setdefault((name, cell.design, cell.effects, cell.accuracy), []).append(cell)
    yield from ("  " + "  ".join(row) for row in _aligned(covered.recipe.rates, rows))
    judged = [cell for cell in covered.cells if not cell.interval.startswith("judge")]
    inside = sum(cell.accepted for cell in judged)
    yield f"\n{inside} of {len(judged)}, the judge alone left out, are within 92–98 %"
    yield from (
        f"  outside: {100 * c.coverage:.1f} ±{100 * c.error:.1f}  {c.interval}, {c.design}, {c.effects}, "
        f"rate {c.rate:g}" + ("" if c.accuracy is None else f", judge {c.accuracy:g}")
        for c in judged
        if not c.accepted
    )
    if covered.resampled:
        yield "\nthis run's own labels drawn anew, against the rate by all of them"
        yield from (f"  {one.line()}" for one in covered.resampled)


def _aligned(rates: Sequence[float], rows: dict[tuple[Any, ...], list[Cell]]) -> Iterator[list[str]]:
    table = [["interval", "design", "effects", "judge", *(f"{rate:g}" for rate in rates)]]
    for (name, design, effects, accuracy), cells in rows.items():
        shown = [f"{100 * c.coverage:.1f} ±{100 * c.error:.1f} ({c.width:.2f})" for c in cells]
        table.append([name, design, effects, "" if accuracy is None else f"{accuracy:g}", *shown])
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        yield [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
