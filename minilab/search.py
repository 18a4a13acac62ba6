"""Where each template lies best in a picture: a rough search for all of them, a closer one for the likely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from minilab.render import JITTER, SIZE
from minilab.templates import MARGIN, SHIFTS, Template, shrink, window_corner

CLOSE, ROUGH = 2, 4  # by which factors the pictures are smaller on which the searches run
SIDE = SIZE // CLOSE
SPARSE = tuple(shift for shift in SHIFTS if all((step + JITTER) % CLOSE == 0 for step in shift))
CORNERS = np.array([window_corner(shift) for shift in SHIFTS])
TRIED = 3  # places of the rough search, of each template, round which the close one looks
# Which places are at most one step from each of the rough search's: (sparse places, places).
_STEPS = np.abs(np.array(SPARSE)[:, None] - np.array(SHIFTS)[None]).max(2)
AROUND = _STEPS < CLOSE


class Search:
    """Squared distances of pictures to renders of every template, both of its colours free.

    The rough search tries each template at every second place both ways, the close one at all places round
    the best of those. Trying every template closely at every place finds the same and takes ten times the
    memory.
    """

    def __init__(self, templates: Sequence[Template]) -> None:
        # Each template's background, body and fixed layers, shrunk from each corner of a small pixel on:
        # places that differ by a multiple of CLOSE are windows of one of them.
        extent = (SIZE + 2 * MARGIN) // CLOSE
        self.layers = np.zeros((len(templates), CLOSE, CLOSE, 5, extent, extent), np.float32)
        self.grams = np.empty((len(templates), len(SHIFTS), 5, 5))
        rough = np.empty((len(templates), len(SPARSE), 5, (SIZE // ROUGH) ** 2), np.float32)
        for number, template in enumerate(templates):
            self._fill(number, template)
            close = self._windows(np.full(len(SHIFTS), number), np.arange(len(SHIFTS)))
            self.grams[number] = _grams(close)
            rough[number] = _rough(close[[SHIFTS.index(shift) for shift in SPARSE]])
        layers = rough.reshape(-1, 5, rough.shape[-1])
        self.free, self.fixed = (np.ascontiguousarray(part) for part in (layers[:, :2], layers[:, 2:]))
        self.rough_grams = _grams(layers)

    def _fill(self, number: int, template: Template) -> None:
        free = template.background[..., None], template.body[..., None]
        whole = np.concatenate([*free, template.fixed], -1)
        for y in range(CLOSE):
            for x in range(CLOSE):
                small = shrink(whole[y:, x:], CLOSE).transpose(2, 0, 1)
                self.layers[number, y, x, :, : small.shape[1], : small.shape[2]] = small

    def rough(self, pictures: np.ndarray) -> np.ndarray:
        """Return distances (n, templates, sparse places) of pictures (n, 64, 64, 3)."""
        channels = np.stack([_channels(picture, ROUGH) for picture in pictures])
        n, (count, _, pixels) = len(pictures), self.fixed.shape
        on_fixed = channels.reshape(n, -1) @ self.fixed.reshape(count, -1).T
        on_free = channels.reshape(n * 3, pixels) @ self.free.reshape(count * 2, pixels).T
        distances = _distances(
            np.square(channels).sum((1, 2))[:, None],
            self.rough_grams,
            on_free.reshape(n, 3, count, 2).transpose(3, 1, 0, 2),
            on_fixed,
        )
        return distances.reshape(n, -1, len(SPARSE))

    def close(
        self, picture: np.ndarray, numbers: Sequence[int], rough: np.ndarray
    ) -> tuple[list[tuple[int, int]], np.ndarray]:
        """Return the best shift of each of some templates and its distance.

        ``rough`` holds the picture's distances to all templates (templates, sparse places).
        """
        nearest = rough[numbers].argsort(1)[:, :TRIED]
        rows, places = AROUND[nearest].any(1).nonzero()
        tried = np.array(numbers)[rows]
        on_layers = self._windows(tried, places) @ _channels(picture, CLOSE).T
        on_fixed = sum(on_layers[:, 2 + channel, channel] for channel in range(3))
        norm = np.square(_channels(picture, CLOSE)).sum()
        squared = np.full((len(numbers), len(SHIFTS)), np.inf)
        squared[rows, places] = _distances(
            norm, self.grams[tried, places], on_layers[:, :2].transpose(1, 2, 0), on_fixed
        )
        return [SHIFTS[place] for place in squared.argmin(1)], squared.min(1)

    def _windows(self, numbers: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return the small layers (n, 5, pixels) of templates at places, both (n) by number."""
        x, y = CORNERS[places].T
        views = sliding_window_view(self.layers, (SIDE, SIDE), axis=(4, 5))  # type: ignore[call-overload]
        windows = views[numbers, y % CLOSE, x % CLOSE, :, y // CLOSE, x // CLOSE]
        small: np.ndarray = windows.reshape(len(places), 5, SIDE**2)
        return small


def _distances(
    picture: np.ndarray, grams: np.ndarray, on_free: np.ndarray, on_fixed: np.ndarray
) -> np.ndarray:
    """Return squared distances (..., n) of a picture to what two free and three fixed layers give.

    ``picture`` is its squared norm, ``grams`` (n, 5, 5) are the layers' products with each other, ``on_free``
    (2, 3, ..., n) and ``on_fixed`` (..., n) those with the picture, of each channel and of all.
    """
    fixed = sum(grams[:, c, c] for c in (2, 3, 4))
    # What the free layers explain of the rest: the first one, then what the second one has of its own.
    length = np.maximum(grams[:, 0, 0], 1e-12)
    shared = grams[:, 0, 1] / length
    own = grams[:, 1, 1] - shared * grams[:, 0, 1]
    own = np.where(own > 1e-6, own, np.inf)
    explained = np.zeros(on_fixed.shape)
    for channel in range(3):
        first = on_free[0, channel] - grams[:, 0, 2 + channel]
        second = on_free[1, channel] - grams[:, 1, 2 + channel] - shared * first
        explained += np.square(first) / length + np.square(second) / own
    distances: np.ndarray = picture - 2 * on_fixed + fixed - explained
    return distances


def _channels(picture: np.ndarray, factor: int) -> np.ndarray:
    """Return a picture (64, 64, 3) as small channels (3, pixels)."""
    return shrink(picture, factor).reshape(-1, 3).T


def _rough(close: np.ndarray) -> np.ndarray:
    """Return layers (n, 5, pixels) of the close search as small as those of the rough one."""
    layers = close.reshape(-1, SIDE, SIDE).transpose(1, 2, 0)
    return shrink(layers, ROUGH // CLOSE).transpose(2, 0, 1).reshape(len(close), 5, -1)


def _grams(layers: np.ndarray) -> np.ndarray:
    """Return the products (n, 5, 5) of layers (n, 5, pixels) with each other."""
    grams: np.ndarray = layers @ layers.transpose(0, 2, 1)
    return grams.astype(float)
