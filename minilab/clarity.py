"""How clearly PartWorld shows its parts and tells its objects apart: ``python -m minilab.clarity``.

A contrast is the mean squared difference of two renders, values in [0, 1], in the colours where they differ
least. The world's tests hold every contrast against a floor.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from minilab.render import JITTER
from minilab.templates import SHIFTS, Template, object_templates, shrink
from minilab.world import BACKGROUNDS, COLOURS, OBJECTS
from negjudge.errors import command

LEAST_PART = 0.006
LEAST_BODY = 0.006
CORNERS = tuple(itertools.product((-JITTER, 0, JITTER), (-JITTER, 0, JITTER)))
# Weights of background, body and the three channels of what is fixed, for each colouring and channel.
_COLOURINGS = np.array(
    [
        [[ground[c] / 255, body[c] / 255, *np.eye(3)[c]] for c in range(3)]
        for ground in BACKGROUNDS
        for body in COLOURS.values()
    ]
)


@dataclass(frozen=True)
class Contrast:
    """What is told from what, and the least mean squared difference: of whole pictures, and of thumbnails."""

    what: str
    large: float
    small: float

    @property
    def least(self) -> float:
        return min(self.large, self.small)


def part_contrasts(name: str) -> Iterator[Contrast]:
    """Yield each part of an object there and gone, and each two parts swapped, whatever else is there."""
    templates = object_templates(name)
    sets = [template.parts for template in templates]
    found: dict[str, list[tuple[int, int]]] = {}
    for (i, one), (j, other) in itertools.combinations(enumerate(sets), 2):
        if len(one ^ other) == 1:
            found.setdefault(f"{name}: {min(one ^ other)}", []).append((i, j))
        elif len(one - other) == len(other - one) == 1:
            swapped = sorted(one ^ other)
            found.setdefault(f"{name}: {' or '.join(swapped)}", []).append((i, j))
    tables = []
    for factor in (1, 2):
        placed = [_layers(templates, factor, shift) for shift in CORNERS]
        tables.append(np.min([_differences(layers, layers) for layers in placed], axis=0))
    for what, pairs in found.items():
        rows, columns = zip(*pairs, strict=True)
        yield Contrast(what, *(float(table[rows, columns].min()) for table in tables))


def body_contrasts() -> Iterator[Contrast]:
    """Yield each two objects without their parts, one of them moved to where they differ least."""
    bare = [object_templates(name)[0] for name in OBJECTS]
    tables = []
    for factor in (1, 2):
        still = _layers(bare, factor)
        tables.append(np.min([_differences(still, _layers(bare, factor, shift)) for shift in SHIFTS], axis=0))
    for (i, one), (j, other) in itertools.combinations(enumerate(OBJECTS), 2):
        yield Contrast(f"{one} or {other}", *(float(table[i, j]) for table in tables))


def _layers(templates: Sequence[Template], factor: int, shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Return background, body and fixed layers, shrunk by a factor: (templates, 5, pixels)."""
    stacked = []
    for template in templates:
        background, body, fixed = template.crop(shift)
        layers = np.concatenate([background[..., None], body[..., None], fixed], -1)
        stacked.append(shrink(layers, factor).reshape(-1, 5).T)
    return np.stack(stacked)


def _differences(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return mean squared differences (n, m) of renders of layers (n, 5, pixels) and (m, 5, pixels)."""
    pixels = one.shape[-1]
    cross = np.einsum("kcl,nlmo,kco->knm", _COLOURINGS, _products(one, other), _COLOURINGS, optimize=True)
    squared: np.ndarray = _norms(one)[:, :, None] + _norms(other)[:, None, :] - 2 * cross
    return squared.min(0) / (3 * pixels)


def _products(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    (n, c, pixels), m = one.shape, len(other)
    products: np.ndarray = one.reshape(n * c, pixels) @ other.reshape(m * c, pixels).T
    return products.reshape(n, c, m, c).astype(float)


def _norms(layers: np.ndarray) -> np.ndarray:
    squares = (layers @ layers.transpose(0, 2, 1)).astype(float)
    norms: np.ndarray = np.einsum("kcl,nlo,kco->kn", _COLOURINGS, squares, _COLOURINGS, optimize=True)
    return norms


@command
def main() -> None:
    """Print the parts and the objects that are told apart least."""
    parts = [contrast for name in OBJECTS for contrast in part_contrasts(name)]
    for contrasts, floor in ((parts, LEAST_PART), (list(body_contrasts()), LEAST_BODY)):
        weakest = sorted(contrasts, key=lambda contrast: contrast.least)
        for contrast in weakest[: max(10, sum(c.least < floor for c in contrasts))]:
            print(f"{contrast.what}: {contrast.large:.4f}, as a thumbnail {contrast.small:.4f}")
        print(f"{len(contrasts)} contrasts, {sum(c.least < floor for c in contrasts)} below {floor}")


if __name__ == "__main__":
    sys.exit(main())
