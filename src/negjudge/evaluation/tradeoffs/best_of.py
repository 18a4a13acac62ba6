"""Best of n: the success of the picture that someone picks among n seeds, and what the n pictures cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.evidence.scored import Scored, clusters_of, methods_in
from negjudge.statistics.clusters import Interval


@dataclass(frozen=True)
class BestOf:
    """The success of one picture out of ``n``, by who picks; ``evaluations`` of the denoiser for all n."""

    method: str
    picker: str
    n: int
    evaluations: int
    pairs: int
    success: Interval


def best_of_n(
    evidence: Evidence,
    scored: Sequence[Scored],
    reference: str,
    evaluations: Mapping[str, int],
    draws: int,
) -> list[BestOf]:
    """Return the curves of every method and picker, for n up to the seeds that all pairs have.

    Success is the reference's word. The reference as picker finds a success wherever there is one: the upper
    limit. A judge picks the picture that it thinks likeliest to be a success. ``evaluations`` are those of
    one picture, by method; methods without them are left out.
    """
    pickers = {reference: {one.sample.id: float(one.success) for one in scored}}
    pickers |= {
        role: {sample: -1.0 if v.success is None else v.success for sample, v in verdicts.items()}
        for (role, view), verdicts in evidence.verdicts.items()
        if view == "plain"
    }
    rows = []
    for method in (m for m in methods_in(one.sample for one in scored) if m in evaluations):
        pairs = _by_pair([one for one in scored if one.sample.method == method])
        for picker, scores in pickers.items():
            if all(one.sample.id in scores for mine in pairs for one in mine):
                rows += _curve(method, picker, pairs, scores, evaluations[method], draws)
    return rows


def _by_pair(scored: Sequence[Scored]) -> list[list[Scored]]:
    pairs: dict[str, list[Scored]] = {}
    for one in scored:
        pairs.setdefault(one.sample.pair, []).append(one)
    return list(pairs.values())


def _curve(
    method: str,
    picker: str,
    pairs: Sequence[Sequence[Scored]],
    scores: Mapping[str, float],
    evaluations: int,
    draws: int,
) -> list[BestOf]:
    clusters, every = clusters_of([mine[0].sample for mine in pairs], draws), [True] * len(pairs)
    seeds = min(map(len, pairs))
    seen = [([scores[one.sample.id] for one in mine], [one.success for one in mine]) for mine in pairs]
    return [
        BestOf(
            method=method,
            picker=picker,
            n=n,
            evaluations=n * evaluations,
            pairs=len(pairs),
            # S seeds hold S/n sets of n pictures: so many times the pairs is what a rate can be worth.
            success=clusters.counting(every, most=len(pairs) * (seeds // n)).rate(
                [picked(scored, successes, n) for scored, successes in seen]
            ),
        )
        for n in range(1, seeds + 1)
    ]


def picked(scores: Sequence[float], successes: Sequence[float], n: int) -> float:
    """Return the mean success of the picture with the highest score, over all subsets of n pictures.

    Exact: the picture at rank r (0 the highest) is the highest of C(S - r - 1, n - 1) of the C(S, n) subsets
    of S pictures. Pictures of equal score share their ranks, so that their order says nothing.
    """
    size = len(scores)
    chance = [comb(size - rank - 1, n - 1) / comb(size, n) for rank in range(size)]
    order = sorted(range(size), key=lambda place: -scores[place])
    total, rank = 0.0, 0
    while rank < size:
        tied = [place for place in order[rank:] if scores[place] == scores[order[rank]]]
        share = sum(chance[rank : rank + len(tied)]) / len(tied)
        total += share * sum(successes[place] for place in tied)
        rank += len(tied)
    return total
