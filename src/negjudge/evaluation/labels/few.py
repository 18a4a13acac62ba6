"""The methods' success from few labels: by people alone, by the judge alone, and by both together."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from negjudge.data.records import Sample, Verdict
from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.candidates import Role
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.evidence.scored import Scored, by_judge, by_labels, clusters_of, methods_in
from negjudge.guidance.methods import UNGUIDED
from negjudge.statistics.clusters import Difference, Floats, Interval, holm
from negjudge.statistics.ppi import Labelled, Rates, cross_fitted, difference, rates

SHARE = 0.25  # of the test pictures, where all are labelled and no budget is set
FEWEST = 5  # labels of a method, below which it has no rate


@dataclass(frozen=True)
class FewRow:
    """A method's success from few labels; ``truth`` is the rate by all labels, where there are all."""

    method: str
    rates: Rates
    truth: Interval | None


@dataclass(frozen=True)
class FewDifference:
    """A guided method less none from few labels, in success; p-values corrected by Holm's method."""

    first: str
    second: str
    people: Difference
    powered: Difference


@dataclass(frozen=True)
class FewLabels:
    """The table. ``refused`` says why there is none; ``drawn`` how the labelled pictures were chosen."""

    judge: Role | None = None
    labels: int = 0
    pictures: int = 0
    drawn: str = ""
    refused: str | None = None
    rows: tuple[FewRow, ...] = ()
    differences: tuple[FewDifference, ...] = ()


@dataclass(frozen=True)
class Pool:
    """Test pictures with all that is known of them, in one order.

    ``labels`` (pictures,) is success by people, nan without a label; ``calls`` (pictures,) is how
    probable the judge calls it; ``readings`` (pictures, 3) its probabilities of success, object and element.
    """

    samples: list[Sample]
    labels: Floats
    calls: Floats
    readings: Floats

    def having(self, labels: Floats, inclusion: Floats) -> dict[str, Labelled]:
        """Return each method's pictures with these labels, predictions corrected by those of all methods.

        Methods with too few labels are left out.
        """
        corrected = cross_fitted(self.readings, labels, [s.pair for s in self.samples])
        return {
            method: Labelled.of(labels[here], corrected[here], inclusion[here])
            for method, here in self.of_methods().items()
            if np.isfinite(labels[here]).sum() >= FEWEST
        }

    def of_methods(self) -> dict[str, list[int]]:
        """Return the places of each method's pictures."""
        return {
            method: [place for place, s in enumerate(self.samples) if s.method == method]
            for method in methods_in(self.samples)
        }


def few_labels(evidence: Evidence, draws: int, budget: int | None = None) -> FewLabels | None:
    """Return the table, or ``None`` without a judge's verdicts or labels of test pictures.

    Where all test pictures are labelled, ``budget`` of them count, by default a quarter, drawn by hash. Where
    some are, those count, if they were drawn at random (``chances``).
    """
    _assert_unseen(evidence)
    role: Role | None = next((r for r in ("tuned", "base") if (r, "plain") in evidence.verdicts), None)
    pool = pool_of(evidence, role) if role else None
    if pool is None or not np.isfinite(pool.labels).any():
        return None
    try:
        return _table(pool, role, draws, budget)
    except NegjudgeError as error:
        return FewLabels(judge=role, pictures=len(pool.samples), refused=str(error))


def _assert_unseen(evidence: Evidence) -> None:
    """Raise NegjudgeError if the judge was fitted on a test pair: its predictions would know the labels."""
    seen = {*evidence.splits.judge["train"], *evidence.splits.judge["validation"]}
    both = sorted(seen.intersection(evidence.splits.methods["test"]))
    if both:
        raise NegjudgeError(f"the judge was fitted on the test pair {both[0]}; make the splits again")


def pool_of(evidence: Evidence, role: Role) -> Pool | None:
    """Return the run's own test pictures that a judge has seen, with people's labels where there are any.

    Other generators' pictures are not sent to people, so these labels are no draw from them.
    """
    people = {one.sample.id: float(one.success) for one in by_labels(evidence)}
    own = {sample.id for sample in evidence.samples}
    judged: list[Scored] = [one for one in by_judge(evidence, role) if one.sample.id in own]
    if not judged:
        return None
    verdicts = evidence.verdicts[role, "plain"]
    return Pool(
        samples=[one.sample for one in judged],
        labels=np.array([people.get(one.sample.id, np.nan) for one in judged]),
        calls=np.array([float(one.success) for one in judged]),
        readings=np.array([_readings(verdicts[one.sample.id]) for one in judged]),
    )


def _readings(verdict: Verdict) -> list[float]:
    """Return the probabilities of success, object and element; one half for what the judge did not answer."""
    found = (verdict.success, verdict.object_present, verdict.element_present)
    return [0.5 if one is None else one for one in found]


def _table(pool: Pool, role: Role | None, draws: int, budget: int | None) -> FewLabels:
    complete = bool(np.isfinite(pool.labels).all())
    labels, inclusion, drawn = drawn_by_hash(pool, budget) if complete else chances(pool)
    data, places = pool.having(labels, inclusion), pool.of_methods()
    if not data:
        raise NegjudgeError(f"no method has {FEWEST} labelled test pictures; label more")
    rows = []
    for method, one in data.items():
        here = places[method]
        clusters = clusters_of([pool.samples[place] for place in here], draws)
        truth = clusters.rate(pool.labels[here]) if complete else None
        rows.append(FewRow(method, rates(one, clusters, pool.calls[here]), truth))
    return FewLabels(
        judge=role,
        labels=int(np.isfinite(labels).sum()),
        pictures=len(pool.samples),
        drawn=drawn,
        rows=tuple(rows),
        differences=tuple(_differences(pool, data, places, draws)),
    )


def _differences(
    pool: Pool, data: Mapping[str, Labelled], places: Mapping[str, Sequence[int]], draws: int
) -> list[FewDifference]:
    gaps = {}
    for method in data if UNGUIDED in data else ():
        if method != UNGUIDED:
            both = [pool.samples[place] for place in (*places[method], *places[UNGUIDED])]
            gaps[method] = difference(data[method], data[UNGUIDED], clusters_of(both, draws))
    people, powered = (holm({method: gap[side] for method, gap in gaps.items()}) for side in (0, 1))
    return [FewDifference(method, UNGUIDED, people[method], powered[method]) for method in gaps]


def drawn_by_hash(pool: Pool, budget: int | None) -> tuple[Floats, Floats, str]:
    """Return the labels of ``budget`` pictures, nan for the others, all chances, and how they were drawn."""
    size = len(pool.samples)
    count = round(SHARE * size) if budget is None else min(budget, size)
    keys = [hashlib.sha256(f"few labels {s.id}".encode()).hexdigest() for s in pool.samples]
    kept = sorted(range(size), key=keys.__getitem__)[:count]
    labels = np.full(size, np.nan)
    labels[kept] = pool.labels[kept]
    return labels, np.full(size, count / size), f"{count} of {size} labelled pictures, by hash of their ids"


def chances(pool: Pool) -> tuple[Floats, Floats, str]:
    """Return the labels, each picture's probability of having one, and how the labelled were drawn.

    The labelling stage draws pictures by id, which is a hash: the first of all, or the first of each pair.
    Raises NegjudgeError where the labelled are others: then somebody or something picked them.
    """
    known, ids = np.isfinite(pool.labels), np.array([s.id for s in pool.samples])
    if _firsts(ids, known):
        share = np.full(ids.size, known.mean())
        return pool.labels, share, f"the first {known.sum()} of {ids.size} pictures by id, which is a hash"
    groups = defaultdict(list)
    for place, sample in enumerate(pool.samples):
        groups[sample.pair].append(place)
    inclusion = np.zeros(ids.size)
    for pair, places in groups.items():
        if not known[places].any():
            raise NegjudgeError(f"no picture of the test pair {pair} is labelled; label some of each")
        if not _firsts(ids[places], known[places]):
            raise NegjudgeError(
                f"the labelled pictures of the test pair {pair} are not the first by id, so they were "
                "picked, not drawn at random; label with `per_pair`, or all"
            )
        inclusion[places] = known[places].mean()
    return pool.labels, inclusion, "the first pictures of each pair by id, which is a hash"


def _firsts(ids: np.ndarray, known: np.ndarray) -> bool:
    """Tell whether the known are the first by id."""
    ordered = known[np.argsort(ids)]
    return bool(ordered[: known.sum()].all())
