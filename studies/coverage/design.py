"""Outcomes simulated on a real design, with effects of what pictures share, and those effects fitted.

The log odds of success are a constant plus normal effects of the picture's object, of its element and of
its pair. The true rate is the mean over all objects, elements and pairs, by Gauss–Hermite quadrature; the
constant is solved for so that it is the one wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from negjudge.data.records import Pair
from negjudge.statistics.clusters import Clusters, Floats

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
# Variance of the logistic distribution, so that shares of the latent variance are intraclass correlations.
_LOGISTIC = np.pi**2 / 3


@dataclass(frozen=True)
class Design:
    """Pictures by what they share: codes of object, element and pair (3, pictures)."""

    name: str
    codes: NDArray[np.int64]

    @staticmethod
    def of(name: str, pairs: Sequence[Pair], seeds: int) -> Design:
        """Return the design of pairs with this many pictures each."""
        columns = [[p.object for p in pairs], [p.element for p in pairs], [p.id for p in pairs]]
        codes = [np.unique(column, return_inverse=True)[1] for column in columns]
        return Design(name, np.repeat(np.stack(codes), seeds, axis=1))

    @staticmethod
    def synthetic(name: str, pairs: int, seeds: int, most: int = 3) -> Design:
        """Return a design of pairs drawn so that no object and no element is in more than ``most``.

        There are two objects and elements for each three pairs, so that most are shared.
        """
        rng, kinds = np.random.default_rng(0), max(2, round(pairs * 2 / 3))
        found: dict[tuple[int, int], None] = {}
        counts: Counter[tuple[str, int]] = Counter()
        while len(found) < pairs:
            one, other = (int(i) for i in rng.integers(kinds, size=2))
            if (one, other) not in found and max(counts["object", one], counts["element", other]) < most:
                found[one, other] = None
                counts["object", one] += 1
                counts["element", other] += 1
        codes = np.array([*zip(*found, strict=True), range(pairs)])
        return Design(name, np.repeat(codes, seeds, axis=1))

    @property
    def pictures(self) -> int:
        """How many pictures there are."""
        return int(self.codes.shape[1])

    def clusters(self, draws: int, times: int = 1) -> Clusters:
        """Return the pictures, so many times over, clustered by object and element."""
        return Clusters(*(np.tile(codes, times).tolist() for codes in self.codes[:2]), draws=draws)


@dataclass(frozen=True)
class Effects:
    """Variances of the effects of object, element and pair on the log odds."""

    name: str
    object: float
    element: float
    pair: float

    @staticmethod
    def of(name: str, correlation: float) -> Effects:
        """Return three equal effects by the latent correlation of two pictures of one pair."""
        one = correlation / (1 - correlation) * _LOGISTIC / 3
        return Effects(name, one, one, one)

    @property
    def total(self) -> float:
        """The variance of the log odds among pairs."""
        return self.object + self.element + self.pair

    def draw(self, design: Design, count: int, rng: np.random.Generator) -> Floats:
        """Return effects (count, pictures)."""
        found = np.zeros((count, design.pictures))
        for variance, codes in zip((self.object, self.element, self.pair), design.codes, strict=True):
            found += variance**0.5 * rng.normal(size=(count, codes.max() + 1))[:, codes]
        return found


def marginal(constant: float, variance: float) -> float:
    """Return the mean of success over effects of this variance."""
    return float(_WEIGHTS @ expit(constant + variance**0.5 * _NODES))


def constant_for(rate: float, variance: float) -> float:
    """Return the constant at which the mean of success is ``rate``."""
    return float(brentq(lambda constant: marginal(constant, variance) - rate, -60, 60))


def covariance(constant: float, variance: float, shared: float) -> float:
    """Return the covariance of two pictures' successes that share ``shared`` of the effects' variance."""
    own = max(variance - shared, 0.0) ** 0.5 * _NODES
    inner = expit(constant + shared**0.5 * _NODES[:, None] + own) @ _WEIGHTS
    return float(_WEIGHTS @ inner**2 - marginal(constant, variance) ** 2)


def outcomes(
    design: Design, effects: Effects, rate: float, count: int, rng: np.random.Generator, also: float = 0.0
) -> tuple[Floats, Floats]:
    """Return two methods' successes (count, pictures) each, with half of their effects in common.

    The first has this rate, the second another one (``also``; 0 leaves it empty).
    """
    halves = [Effects("", effects.object / 2, effects.element / 2, effects.pair / 2)] * 3
    common, *own = (half.draw(design, count, rng) for half in halves)
    found = []
    for wanted, effect in zip((rate, also), own, strict=True):
        if not wanted:
            found.append(np.zeros((0, design.pictures)))
            continue
        chance = expit(constant_for(wanted, effects.total) + common + effect)
        found.append((rng.random(chance.shape) < chance).astype(np.float64))
    return found[0], found[1]


def judged(
    truth: Floats, design: Design, accuracy: float, rng: np.random.Generator, forced: float = 0.0
) -> Floats:
    """Return a judge's calls of successes, both (count, pictures): wrong more often on some elements.

    The log odds of an error vary with standard deviation 1 among elements. A share ``forced`` of the calls
    is "success" whatever the picture: a bias that one method's pictures may draw and another's not.
    """
    effect = Effects("", 0, 1, 0).draw(design, len(truth), rng)
    wrong = rng.random(truth.shape) < expit(constant_for(1 - accuracy, 1.0) + effect)
    calls = np.where(wrong, 1 - truth, truth)
    return np.where(rng.random(truth.shape) < forced, 1.0, calls)


@dataclass(frozen=True)
class Group:
    """Real pictures of one method: what they share, and their success (pictures,)."""

    objects: Sequence[str]
    elements: Sequence[str]
    values: Sequence[float]


def fit(name: str, groups: Iterable[Group]) -> tuple[Effects, dict[str, float]]:
    """Return the effects at which simulated pictures are as alike as real ones, and how alike those are.

    The correlations of two pictures of one pair, of one object alone and of one element alone are moments,
    pooled over methods; the variances solve for them at the mean rate. Raises ValueError without variation.
    """
    pooled = [_products(group) for group in groups]
    count = sum(size for *_, size in pooled)
    products = sum((products * size for products, _, _, size in pooled), np.zeros(3)) / max(count, 1)
    spread = sum(variance * size for _, variance, _, size in pooled) / max(count, 1)
    rate = sum(mean * size for _, _, mean, size in pooled) / max(count, 1)
    if not spread > 0:
        raise ValueError("every picture has the same outcome, expected both")
    alike = dict(zip(("object", "element", "pair"), np.maximum(products / spread, 0).tolist(), strict=True))
    total = _variance_for(alike["pair"], rate)
    constant = constant_for(rate, total)
    shared = [_shared_for(alike[c] * rate * (1 - rate), constant, total) for c in ("object", "element")]
    scale = min(1.0, total / max(sum(shared), 1e-9))
    rest = max(total - sum(shared), 0.0)
    return Effects(name, shared[0] * scale, shared[1] * scale, rest), {**alike, "rate": rate}


def _products(group: Group) -> tuple[Floats, float, float, int]:
    """Return mean products of residuals by what is shared, their variance, the mean and the count."""
    values = np.asarray(group.values, dtype=np.float64)
    rest = values - values.mean()
    same = [np.equal.outer(np.array(names), np.array(names)) for names in (group.objects, group.elements)]
    apart = ~np.eye(values.size, dtype=bool)
    products = np.outer(rest, rest)
    kinds = (same[0] & ~same[1], same[1] & ~same[0], same[0] & same[1] & apart)
    means = [products[kind].mean() if kind.any() else 0.0 for kind in kinds]
    return np.array(means), float(values.var()), float(values.mean()), values.size


def _variance_for(correlation: float, rate: float, most: float = 25.0) -> float:
    def gap(variance: float) -> float:
        found = covariance(constant_for(rate, variance), variance, variance)
        return found / (rate * (1 - rate)) - correlation

    if gap(1e-6) >= 0:
        return 0.0
    return most if gap(most) <= 0 else float(brentq(gap, 1e-6, most))


def _shared_for(wanted: float, constant: float, variance: float) -> float:
    if wanted <= 0 or variance <= 0:
        return 0.0
    if covariance(constant, variance, variance) <= wanted:
        return variance
    return float(brentq(lambda shared: covariance(constant, variance, shared) - wanted, 0, variance))
