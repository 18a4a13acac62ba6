"""The oracle: says what a picture of PartWorld shows by finding the render that is nearest to it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from minilab.render import SIZE
from minilab.search import Search
from minilab.templates import Template, all_templates
from minilab.world import BACKGROUNDS, COLOURS

# Root mean square over pixels and channels in [0, 1]; above it no render is near enough to be believed.
# This and FAINT were chosen on generated pictures read by eye (docs/experiments.md).
UNREADABLE = 0.18
FAINT = 0.3  # the share of its full contrast from which a part counts as there; eyes see it below one half
COLOUR_DRIFT = 0.12  # how far a generated picture's colours may lie from the palette's, per channel
LIKELY = 72  # templates whose place is searched to the pixel; the best CANDIDATES are compared at full size
CANDIDATES = 24
BATCH = 64


@dataclass(frozen=True)
class Reading:
    """What the oracle sees: ``object`` is None when nothing whole is there or the picture is unreadable.

    ``residual`` is the distance to the render that was chosen (root mean square, values in [0, 1]). A doubt
    says where the picture lies between that render, 0, and the point from which it would be read otherwise,
    1, a toss-up; noise that is in neither render does not count. ``object_doubt`` is of renders of other
    objects, ``part_doubts`` of those in which one part comes or goes (parts without doubt are left out), and
    ``difficulty`` is the largest.
    """

    object: str | None
    parts: tuple[str, ...]
    residual: float
    difficulty: float
    object_doubt: float
    part_doubts: Mapping[str, float]


def read_files(paths: Sequence[Path]) -> list[Reading]:
    """Read pictures from files; one of another size than 64 by 64 pixels is brought to it first.

    Of a picture that is no square the middle is read, in its own proportions: this world's are squares.
    """
    readings: list[Reading] = []
    for start in range(0, len(paths), BATCH):
        pixels = np.stack([_pixels(path) for path in paths[start : start + BATCH]])
        readings += load_oracle().read(pixels)
    return readings


@functools.cache
def load_oracle() -> Oracle:
    """Return the oracle; drawing its templates takes a few seconds, once in a process."""
    return Oracle(all_templates())


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as file:
        picture = file.convert("RGB")
    if picture.size != (SIZE, SIZE):
        picture = ImageOps.fit(picture, (SIZE, SIZE), Image.Resampling.BOX)
    return np.asarray(picture, np.float32) / 255


@dataclass(frozen=True)
class _Match:
    """A template's nearest render (64, 64, 3) to a picture, and its mean squared error."""

    template: Template
    shift: tuple[int, int]
    render: np.ndarray
    error: float


class Oracle:
    """Analysis by synthesis over every object, subset of parts, colours and place."""

    def __init__(self, templates: list[Template]) -> None:
        self.templates = templates
        self.search = Search(templates)
        self.of_object: dict[str | None, list[int]] = {}
        for t, template in enumerate(templates):
            self.of_object.setdefault(template.object, []).append(t)
        self.bare = {template.object: template for template in templates if not template.parts}

    def read(self, pictures: np.ndarray) -> list[Reading]:
        """Read pictures (n, 64, 64, 3), float32 in [0, 1]."""
        distances = self.search.rough(pictures)
        return [self._fine(picture, row) for picture, row in zip(pictures, distances, strict=True)]

    def _fine(self, picture: np.ndarray, distances: np.ndarray) -> Reading:
        """Choose the object by the nearest render at full size, colours near the palette's; then parts."""
        likely = distances.min(1).argsort()[:LIKELY].tolist()
        shifts, nearest = self.search.close(picture, likely, distances)
        best = [(likely[c], shifts[c]) for c in nearest.argsort()[:CANDIDATES]]
        matches = {place: self._match(picture, *place) for place in best}
        found = list(matches.values())
        first = min(found, key=lambda match: match.error)
        name = first.template.object
        object_doubt = max(
            (_doubt(first, m, m.error - first.error) for m in found if m.template.object != name), default=0.0
        )
        numbers = self.of_object[name]
        shifts, _ = self.search.close(picture, numbers, distances)
        places = list(zip(numbers, shifts, strict=True))
        own = [matches.get(place) or self._match(picture, *place) for place in places]
        scores = [self._score(match) for match in own]
        chosen = int(np.argmin(scores))
        template, residual = own[chosen].template, float(np.sqrt(own[chosen].error))
        part_doubts = _part_doubts(own, scores, chosen)
        readable = residual <= UNREADABLE
        return Reading(
            object=template.object if readable else None,
            parts=tuple(sorted(template.parts)) if readable else (),
            residual=residual,
            difficulty=max([object_doubt, *part_doubts.values()]),
            object_doubt=object_doubt,
            part_doubts=part_doubts,
        )

    def _match(self, picture: np.ndarray, number: int, shift: tuple[int, int]) -> _Match:
        """Colour a template at a place."""
        template = self.templates[number]
        render = _nearest_render(picture, *template.crop(shift))
        return _Match(template, shift, render, float(np.square(render - picture).mean()))

    def _score(self, match: _Match) -> float:
        """Return the error less what its parts earn, so that they count from FAINT of their contrast on."""
        without = _nearest_render(match.render, *self.bare[match.template.object].crop(match.shift))
        return match.error - (1 - 2 * FAINT) * float(np.square(match.render - without).mean())


def _part_doubts(own: Sequence[_Match], scores: Sequence[float], chosen: int) -> dict[str, float]:
    """Return the doubt of each part in which a render of the same object differs from the chosen one."""
    parts, doubts = own[chosen].template.parts, dict[str, float]()
    for rival, score in zip(own, scores, strict=True):
        if len(differ := rival.template.parts ^ parts) != 1:
            continue
        (part,) = differ
        # The score of a part at full contrast, or at none, lies this far from the toss-up.
        reach = 2 * (1 - FAINT) if part in parts else 2 * FAINT
        doubt = _doubt(own[chosen], rival, (score - scores[chosen]) / reach)
        doubts[part] = max(doubts.get(part, 0.0), doubt)
    return {part: doubt for part, doubt in doubts.items() if doubt}


def _doubt(best: _Match, rival: _Match, margin: float) -> float:
    """Return 1 where a rival is as good as the best, 0 where it is as far off as the two are apart."""
    apart = float(np.square(best.render - rival.render).mean())
    return float(np.clip(1 - margin / max(apart, 1e-9), 0, 1))


def _nearest_render(
    picture: np.ndarray, background: np.ndarray, body: np.ndarray, fixed: np.ndarray
) -> np.ndarray:
    """Return the nearest colouring (h, w, 3) of a template that stays close to the palettes."""
    layers = np.stack([background.ravel(), body.ravel()])
    rest = (picture - fixed).reshape(-1, 3)
    gram = layers @ layers.T + 1e-3 * np.eye(2, dtype=np.float32)  # an empty layer must not be singular
    colours = np.linalg.solve(gram, layers @ rest)
    colours[0] = _near(colours[0], np.asarray(BACKGROUNDS, np.float32) / 255)
    colours[1] = _near(colours[1], np.asarray(list(COLOURS.values()), np.float32) / 255)
    render: np.ndarray = (layers.T @ colours).reshape(picture.shape) + fixed
    return render


def _near(colour: np.ndarray, palette: np.ndarray) -> np.ndarray:
    nearest = palette[np.square(palette - colour).sum(1).argmin()]
    near: np.ndarray = np.clip(colour, nearest - COLOUR_DRIFT, nearest + COLOUR_DRIFT)
    return near
