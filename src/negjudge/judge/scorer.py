"""What every judge of pictures has in common: how it is asked, and that errors stay in their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from PIL import Image

from negjudge.data.records import Verdict
from negjudge.errors import NegjudgeError
from negjudge.judge.pictures import Picture, readable

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Scorer(Protocol):
    """Says of pictures whether an object is there and an element is not.

    ``Judge``, ``VQAScore`` and ``EndpointJudge`` are scorers, and so is whatever has this method.
    """

    def score(
        self,
        images: Sequence[Picture],
        objects: str | Sequence[str],
        absent: str | Sequence[str],
        batch_size: int = 16,
    ) -> list[Verdict]:
        """Return a verdict for each of n pictures, in their order.

        ``images`` are paths, PIL pictures, arrays (height, width, 3) or tensors (3, height, width).
        ``objects`` should be there and ``absent`` should not: n nouns, or one that counts for all pictures.
        At most ``batch_size`` pictures are judged at once.

        In a verdict ``object_present``, ``element_present`` and ``success`` are probabilities from 0 to 1,
        ``quality`` a rating from 1 to 5; what the scorer does not tell is ``None``. The verdict of a picture
        that cannot be judged has ``error``, the reason in one line, and nothing else; it stands in the
        picture's place, and the others are judged. Raises NegjudgeError, before a picture is judged, for
        nouns that cannot be asked about and lists of different lengths.
        """
        ...


def errors_in_place(
    ask: Callable[[Sequence[Image.Image], Sequence[Question]], Iterable[Answer]],
    images: Sequence[Picture],
    questions: Sequence[Question],
    batch_size: int,
) -> Iterator[Answer | str]:
    """Yield the answer about each picture in order, or the reason why it cannot be read.

    ``ask`` is given the readable ones among ``batch_size`` pictures, in RGB, with what is asked about each,
    and returns an answer for each; it is not called without any.
    """
    if batch_size < 1:
        raise NegjudgeError(f"batch_size is {batch_size}; it must be at least 1")
    for start in range(0, len(images), batch_size):
        found = [readable(image) for image in images[start : start + batch_size]]
        pairs = zip(found, questions[start : start + batch_size], strict=True)
        asked = [(picture, question) for picture, question in pairs if not isinstance(picture, str)]
        pictures, about = [picture for picture, _ in asked], [question for _, question in asked]
        answers = iter(ask(pictures, about) if asked else ())
        for picture in found:
            yield picture if isinstance(picture, str) else next(answers)
