"""What difference between two judges a run's pictures can show, before any judge has seen them.

    python -m studies.power --config eval/recipes/mini.yaml [--first 0.84 --second 0.87 --draws 300]

The pictures and their truth by the oracle are the run's. Two judges' scores are drawn: they separate pictures
with the element from those without by these AUROCs within a pair on average, more on some pairs than on
others, and err together. Prints, by stratum, how wide the interval of their difference comes out, and how
often it is clear of 0.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from negjudge.contest.recipe import load_evaluation
from negjudge.errors import NegjudgeError, command
from negjudge.evaluation.evidence.evidence import read_run
from negjudge.evaluation.evidence.scored import clusters_of
from negjudge.evaluation.judges.quality import strata
from negjudge.evaluation.judges.questions import Item, items, labels_of
from negjudge.evaluation.wording import aligned
from negjudge.oracle.readings import read_pictures
from negjudge.statistics.clusters import Difference, Floats
from negjudge.statistics.metrics import comparisons_within

BOOTSTRAP = 300


@dataclass(frozen=True)
class Truth:
    """Two judges as they are drawn: AUROCs within a pair, spread of separation over pairs, shared error."""

    first: float
    second: float
    spread: float
    shared: float


@dataclass(frozen=True)
class Power:
    """What comes out on one stratum: mean half width of the interval, and how often it is clear of 0."""

    stratum: str
    pairs: int
    compared: tuple[int, int]
    half: float
    detected: float
    half_within_method: float


def power(found: Sequence[Item], stratum: str, truth: Truth, draws: int, seed: int = 0) -> Power:
    """Return how differences of two such judges come out on these questions."""
    rng, labels = np.random.default_rng(seed), labels_of(found)
    pairs = [item.sample.pair for item in found]
    cells = [(item.sample.pair, item.sample.method) for item in found]
    clusters = clusters_of([item.sample for item in found], BOOTSTRAP)
    seen: tuple[list[Difference], list[Difference]] = ([], [])
    counts = [comparisons_within(labels, labels, groups).count for groups in (pairs, cells)]
    for _ in range(draws):
        scores = _scores(labels, pairs, truth, rng)
        for into, groups in zip(seen, (pairs, cells), strict=True):
            one, other = (comparisons_within(score, labels, groups) for score in scores)
            into.append(clusters.contrast(lambda w, a=one, b=other: b.auroc(w) - a.auroc(w), 0, 0))  # type: ignore[misc]
    clear = [gap.low is not None and gap.low > 0 for gap in seen[0]]
    halves = [fmean(_half(gap) for gap in gaps) for gaps in seen]
    return Power(stratum, len(set(pairs)), (counts[0], counts[1]), halves[0], fmean(clear), halves[1])


def _scores(
    labels: Floats, pairs: Sequence[str], truth: Truth, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return two judges' scores, each error normal with variance 1, part of it the same for both."""
    codes = _codes(pairs)
    common = rng.standard_normal(labels.size)
    easy = rng.standard_normal(codes.max() + 1)
    made = []
    for auroc in (truth.first, truth.second):
        own = rng.standard_normal(codes.max() + 1)
        # Averaged over normal spreads s of the separation d, the AUROC is Φ(d / √(2 + s²)).
        mean = ndtri(auroc) * (2 + truth.spread**2) ** 0.5
        separation = mean + truth.spread * (truth.shared**0.5 * easy + (1 - truth.shared) ** 0.5 * own)
        error = truth.shared**0.5 * common + (1 - truth.shared) ** 0.5 * rng.standard_normal(labels.size)
        made.append(separation[codes] * labels + error)
    return made[0], made[1]


def _codes(pairs: Sequence[str]) -> NDArray[np.intp]:
    index = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}
    return np.array([index[pair] for pair in pairs])


def _half(gap: Difference) -> float:
    return float("nan") if gap.low is None or gap.high is None else (gap.high - gap.low) / 2


def table(rows: Sequence[Power]) -> Iterator[str]:
    """Yield the lines of the table."""
    heads = ["stratum", "pairs", "comparisons", "±", "clear of 0", "within method: comparisons", "±"]
    yield from aligned(
        [
            heads,
            *(
                [
                    row.stratum, str(row.pairs), str(row.compared[0]), f"{row.half:.3f}",
                    f"{row.detected:.2f}", str(row.compared[1]), f"{row.half_within_method:.3f}",
                ]
                for row in rows
            ),
        ]
    )  # fmt: skip


@command
def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m studies.power", allow_abbrev=False)
    parser.add_argument("--config", required=True, help="an evaluation's recipe; its judges are not asked")
    parser.add_argument("--first", type=float, default=0.84, help="AUROC within pair")
    parser.add_argument("--second", type=float, default=0.87, help="AUROC within pair of the better judge")
    parser.add_argument("--spread", type=float, default=0.7, help="of the separation over pairs")
    parser.add_argument("--shared", type=float, default=0.6, help="part of the error that both judges make")
    parser.add_argument("--draws", type=int, default=200)
    asked = parser.parse_args(argv)
    recipe = load_evaluation(["--config", asked.config])
    if recipe.reader is None:
        raise NegjudgeError(f"{asked.config} has no reader; the truth about the pictures must be known")
    run = Path(recipe.run)
    known = read_run(recipe.pairs, recipe.splits, run)
    evidence = dataclasses.replace(known, readings=dict(read_pictures(run, known.samples, recipe.reader)))
    truth = Truth(asked.first, asked.second, asked.spread, asked.shared)
    groups = {
        name: items(evidence, samples, "element", "oracle") for name, samples in strata(evidence).items()
    }
    rows = [power(found, name, truth, asked.draws) for name, found in groups.items() if found]
    print(*table(rows), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
