"""What VSF's options are worth in the mini lab: ``python -m minilab.ablate_vsf``.

Every variant gets the same scales, pictures and denoiser evaluations on the dev pairs; the scale with the
most successes (then the least collateral) is tried once on the test pairs. Pictures and trials are kept under
``runs/mini-ablations``, so that a killed run goes on. Prints a Markdown table.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minilab.oracle import read_files
from negjudge.errors import command
from negjudge.guidance import VSF
from negjudge.jobs import Rendering, read_pairs, select_pairs
from negjudge.metrics import Outcome
from negjudge.pipelines import find_model
from negjudge.progress import progress_bar
from negjudge.splits import read_splits
from negjudge.statistics import Clusters, Difference, Interval
from negjudge.tuning import Bench, summarise

RUN = Path("runs/mini-ablations")
SCALES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0)
SEEDS = {"dev": 4, "test": 4}
VARIANTS: Mapping[str, dict[str, Any]] = {
    "clean": {},
    "leak, as the authors' code": {"leak": True},
    "padding full": {"padding": "full"},
    "special tokens dropped": {"special": "drop"},
    "offset 0.5": {"offset": 0.5},
    "offset 1": {"offset": 1.0},
    "offset 2": {"offset": 2.0},
    "schedule linear": {"schedule": "linear"},
    "first half of the noise": {"stop": 0.5},
    "second half of the noise": {"start": 0.5},
    "layers 0-2 of 6": {"layers": "0-2"},
    "layers 3-5 of 6": {"layers": "3-5"},
}


def bench_of(part: str) -> Bench:
    """Return what variants are tried on: the mini generator with the dev or the test pairs."""
    splits = read_splits("data/mini/splits.json")
    pairs = select_pairs(read_pairs("data/mini/pairs.jsonl"), splits, [f"methods/{part}"])
    rendering = Rendering(4, 64, 64, 16, {"max_sequence_length": 16})
    return Bench(
        find_model("data/mini/generator", device="cpu"), pairs, SEEDS[part], rendering, read_files, RUN / part
    )


def best_scale(bench: Bench, options: Mapping[str, Any], name: str) -> float:
    """Return the scale with the most successes on the dev pairs, then the least collateral."""
    found = {}
    for scale in SCALES:
        rates = summarise(bench.outcomes(VSF(scale=scale, **options), f"{_folder(name)}-{scale:g}"))
        found[scale] = (-rates["success"], rates["collateral"], scale)
    return min(found, key=lambda scale: found[scale])


def table(outcomes: Mapping[str, tuple[float, list[Outcome]]], clusters: Clusters) -> list[str]:
    """Return the lines of a Markdown table: rates with intervals, success against the clean form's."""
    lines = [
        "| variant | scale | success | removed | kept | collateral | success less clean |",
        "|---" * 7 + "|",
    ]
    clean = [float(one.success) for one in outcomes["clean"][1]]
    for name, (scale, found) in outcomes.items():
        rates = [
            clusters.rate([float(getattr(one, field)) for one in found])
            for field in ("success", "removed", "kept")
        ]
        gap = clusters.difference([float(one.success) for one in found], clean)
        cells = [_interval(rate) for rate in rates]
        cells += [f"{summarise(found)['collateral']:.2f}", "" if name == "clean" else _difference(gap)]
        lines.append(f"| {name} | {scale:g} | " + " | ".join(cells) + " |")
    return lines


def _interval(rate: Interval) -> str:
    if rate.low is None or rate.high is None:
        return f"{rate.estimate:.2f}"
    return f"{rate.estimate:.2f} ({rate.low:.2f}–{rate.high:.2f})"


def _difference(gap: Difference) -> str:
    if gap.low is None or gap.high is None:
        return f"{100 * gap.estimate:+.0f}"
    return f"{100 * gap.estimate:+.0f} ({100 * gap.low:+.0f} to {100 * gap.high:+.0f})"


def _folder(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


@command
def main() -> None:
    """Search every variant's scale on dev, try it on test, and print the table."""
    dev, test = bench_of("dev"), bench_of("test")
    found: dict[str, tuple[float, list[Outcome]]] = {}
    with progress_bar("variants of VSF", len(VARIANTS), "variants") as advance:
        for name, options in VARIANTS.items():
            scale = best_scale(dev, options, name)
            found[name] = scale, test.outcomes(VSF(scale=scale, **options), _folder(name))
            advance(1, name)
    shown = [pair for _ in range(test.seeds) for pair in test.pairs]
    clusters = Clusters([pair.object for pair in shown], [pair.element for pair in shown])
    print(
        f"{len(SCALES)} scales a variant on {len(dev.pairs)} dev pairs x {dev.seeds} seeds, "
        f"then {len(test.pairs)} test pairs x {test.seeds} seeds, by the oracle:\n"
    )
    print(*table(found, clusters), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
