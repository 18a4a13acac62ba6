"""What a judge's predictions are worth on a run's own pictures: its labels drawn anew, many times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.scored import clusters_of
from negjudge.evaluation.labels.few import Pool
from negjudge.progress import progress_bar
from negjudge.statistics.clusters import Clusters, Floats
from negjudge.statistics.ppi import Labelled, Rates, rates

SHARES = (0.1, 0.25, 0.5)


@dataclass(frozen=True)
class Resampled:
    """One method's success from a share of the labels, many times over, against the rate by all labels.

    ``predictions`` are "judge", its own probability, or "corrected", cross-fitted to the labels.
    ``people`` and ``powered`` are the coverage of the all-labels rate by the intervals about these pictures;
    ``pairs`` that of the interval about such pairs, which is to cover more than this rate and so covers it
    nearly always. ``narrower`` is the mean width about these pictures against people's, ``narrower_pairs``
    about such pairs; ``error`` the mean squared error against people's. ``saved`` is the mean share of labels
    that an interval says the judge spared.
    """

    method: str
    share: float
    predictions: str
    resamples: int
    truth: float
    people: float
    powered: float
    pairs: float
    narrower: float
    narrower_pairs: float
    error: float
    saved: float

    def line(self) -> str:
        """Return the figures as one line."""
        return (
            f"{self.method:5} {100 * self.share:3.0f} % of labels, {self.predictions:9}: "
            f"people {100 * self.people:.1f} %, both {100 * self.powered:.1f} % "
            f"(such pairs {100 * self.pairs:.1f} %); width {self.narrower:.2f} "
            f"(such pairs {self.narrower_pairs:.2f}), squared error {self.error:.2f} of people's; "
            f"spared {100 * self.saved:.0f} %"
        )


def resample(pool: Pool, times: int, draws: int, seed: int = 0) -> list[Resampled]:
    """Return the figures by share, method and predictions; nothing where a picture has no label."""
    if not np.isfinite(pool.labels).all():
        return []
    rng, places = np.random.default_rng(seed), pool.of_methods()
    clusters = {m: clusters_of([pool.samples[i] for i in here], draws) for m, here in places.items()}
    found: dict[tuple[float, str, str], list[tuple[Rates, Rates]]] = {}
    with progress_bar("labels drawn anew", times * len(SHARES), "draws") as advance:
        for share in SHARES:
            for _ in range(times):
                for method, kind, pair in _once(pool, share, clusters, rng):
                    found.setdefault((share, method, kind), []).append(pair)
                advance()
    truths = {method: float(pool.labels[here].mean()) for method, here in places.items()}
    return [
        _summary(method, share, kind, truths[method], pairs)
        for (share, method, kind), pairs in sorted(found.items(), key=lambda item: item[0])
    ]


def _once(
    pool: Pool, share: float, clusters: dict[str, Clusters], rng: np.random.Generator
) -> list[tuple[str, str, tuple[Rates, Rates]]]:
    """Return method, predictions, and the rates by people alone and by both, of one draw of labels."""
    size = len(pool.samples)
    kept = rng.permutation(size) < round(share * size)
    labels: Floats = np.where(kept, pool.labels, np.nan)
    chance = np.full(size, share)
    corrected, found = pool.having(labels, chance), []
    places = pool.of_methods()
    for method, own in corrected.items():
        here = places[method]
        blind = Labelled.of(labels[here], np.full(len(here), 0.5), chance[here])
        raw = Labelled.of(labels[here], pool.readings[here, 0], chance[here])
        alone = rates(blind, clusters[method])
        for kind, data in (("judge", raw), ("corrected", own)):
            found.append((method, kind, (alone, rates(data, clusters[method]))))
    return found


def _summary(
    method: str, share: float, kind: str, truth: float, pairs: list[tuple[Rates, Rates]]
) -> Resampled:
    ends = np.array([[_ends(one.of_pictures, truth) for one in pair] for pair in pairs])
    wide = np.array([[_ends(one.powered, truth) for one in pair] for pair in pairs])
    errors = np.array([[(one.powered.estimate - truth) ** 2 for one in pair] for pair in pairs])
    return Resampled(
        method=method,
        share=share,
        predictions=kind,
        resamples=len(pairs),
        truth=truth,
        people=float(ends[:, 0, 0].mean()),
        powered=float(ends[:, 1, 0].mean()),
        pairs=float(wide[:, 1, 0].mean()),
        narrower=float(ends[:, 1, 1].mean() / ends[:, 0, 1].mean()),
        narrower_pairs=float(wide[:, 1, 1].mean() / wide[:, 0, 1].mean()),
        error=float(errors[:, 1].mean() / errors[:, 0].mean()),
        saved=float(np.mean([pair[1].saved for pair in pairs])),
    )


def _ends(interval: object, truth: float) -> tuple[float, float]:
    """Return whether an interval covers the truth, as 0 or 1, and its width."""
    low, high = getattr(interval, "low", None), getattr(interval, "high", None)
    if low is None or high is None:
        raise NegjudgeError("an interval is missing; draw more labels or more bootstraps")
    return float(low <= truth <= high), high - low
