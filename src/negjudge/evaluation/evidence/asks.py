"""What the judges are asked about a run's pictures: the question of interest, and the controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

from negjudge.data.questions import noun_asked
from negjudge.data.records import Pair, Sample
from negjudge.guidance.methods import UNGUIDED

# "plain" is the question of interest; "other" asks the same picture about another object; "blank" and
# "shuffled" show a grey picture and another sample's picture; "keep:PART" asks about a part that should stay.
View = str
GREY = (127, 127, 127)

T = TypeVar("T")


@dataclass(frozen=True)
class Ask:
    """One thing to ask: about which sample, in which view, showing which picture (``None``: a blank one).

    ``part`` is what is asked about in place of the element.
    """

    sample: Sample
    view: View
    picture: Path | None
    object: str
    part: str | None = None

    @property
    def tag(self) -> str:
        """Tells this question from every other one about the sample."""
        if self.part is not None:
            return f"/{self.view}"
        details = {"plain": "", "other": f"/other:{self.object}", "blank": "/blank"}
        return details.get(self.view, f"/shuffled:{self.picture.stem if self.picture else ''}")

    @property
    def element(self) -> str:
        """What is asked for besides the object."""
        return self.sample.element if self.part is None else self.part

    def image(self) -> Path | Image.Image:
        """Return what the judge is shown."""
        return self.picture or Image.new("RGB", (self.sample.width, self.sample.height), GREY)


def plain(run: Path, samples: Iterable[Sample]) -> list[Ask]:
    """Return the question of interest for each sample."""
    return [Ask(sample, "plain", run / sample.image, sample.object) for sample in samples]


def other(run: Path, groups: Iterable[Sequence[Sample]]) -> list[Ask]:
    """Return a question about another object for each sample, chosen among those of its group.

    Within a stratum every object is then asked about where it is and where it is not, so that a word alone
    tells nothing. Groups of one object are left out.
    """
    asks = []
    for samples in groups:
        objects = sorted({sample.object for sample in samples})
        for sample in samples if len(objects) > 1 else ():
            choices = [name for name in objects if name != sample.object]
            asks.append(Ask(sample, "other", run / sample.image, _pick(choices, sample)))
    return asks


def blind(run: Path, samples: Sequence[Sample]) -> list[Ask]:
    """Return each sample's question with a blank picture, and with the picture of another object."""
    asks = [Ask(sample, "blank", None, sample.object) for sample in samples]
    for sample in samples:
        others = [s for s in samples if s.object != sample.object and s.element != sample.element]
        if others:
            asks.append(Ask(sample, "shuffled", run / _pick(others, sample).image, sample.object))
    return asks


def keep(run: Path, samples: Sequence[Sample], pairs: Mapping[str, Pair]) -> list[Ask]:
    """Return a question about each part that should stay, where there is a picture without guidance too."""
    plain_ones = {(s.pair, s.seed) for s in samples if s.method == UNGUIDED}
    return [
        Ask(sample, keep_view(part), run / sample.image, sample.object, noun)
        for sample in samples
        if (sample.pair, sample.seed) in plain_ones
        for part, noun in _nouns(pairs[sample.pair])
    ]


def keep_view(part: str) -> View:
    """Return the view that asks about a part."""
    return f"keep:{part}"


def _nouns(pair: Pair) -> list[tuple[str, str]]:
    """Return the parts that should stay, each with the noun to ask about: that of the pair's own question."""
    asked = dict(zip(pair.keep, pair.keep_questions, strict=False))
    return [(part, noun_asked(asked.get(part, "")) or part) for part in pair.stay]


def _pick(choices: Sequence[T], sample: Sample) -> T:
    return choices[int(sample.id, 16) % len(choices)]
