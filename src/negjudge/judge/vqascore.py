"""VQAScore as a judge: how likely a model says "yes" when asked whether a picture shows a text.

Lin et al. 2024, "Evaluating Text-to-Visual Generation with Image-to-Text Generation" (arXiv 2404.01291), on a
Qwen2.5-VL. Absence is asked for as it natively is, in the text: "a bicycle without wheels".
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from negjudge.data.questions import with_article
from negjudge.data.records import Verdict
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import load
from negjudge.judge.packing import answer_logits
from negjudge.judge.pictures import Picture, load_picture
from negjudge.judge.prompts import clean_noun, each, read_template, token_ids, unknown_words
from negjudge.pictures import PictureError

QUESTION = 'Does this figure show "{text}"? Please answer yes or no.'
WITHOUT = "{object} without {element}"
YES = ("yes", "Yes")  # models write either


class VQAScore:
    """Scores object, element, and "OBJECT without ELEMENT" by the probability of "yes", uncalibrated."""

    def __init__(self, model: Any, processor: Any, name: str | None = None) -> None:
        """Take a Qwen2.5-VL; NegjudgeError where its tokenizer lacks words of the question."""
        self.model, self.processor, self.name = model, processor, name
        self.template = read_template(processor, instructed=False)
        tokenizer = processor.tokenizer
        unknown = unknown_words(tokenizer, f"{QUESTION} {WITHOUT}".format(text="", object="", element=""))
        if unknown:
            words = ", ".join(map(repr, unknown))
            raise NegjudgeError(
                f"this model does not know {words}, which VQAScore asks with; use another one"
            )
        ways = [token_ids(tokenizer, yes) for yes in YES]
        self.yes = sorted({way[0] for way in ways if len(way) == 1 and way[0] != tokenizer.unk_token_id})

    @classmethod
    def from_pretrained(
        cls,
        source: str | os.PathLike[str],
        *,
        revision: str | None = None,
        device: str | None = None,
        dtype: torch.dtype | None = None,
    ) -> VQAScore:
        """Load from a folder or a Hub id, as ``Judge.from_pretrained`` does."""
        loaded = load(os.fspath(source), revision, device, dtype)
        return cls(loaded.model, loaded.processor, name=os.fspath(source))

    def score(
        self,
        images: Sequence[Picture],
        objects: str | Sequence[str],
        absent: str | Sequence[str],
        batch_size: int = 16,
    ) -> list[Verdict]:
        """Judge pictures, in their order; ``objects`` should be there and ``absent`` should not.

        A picture that cannot be read gives a verdict with ``error`` set; there is no quality. Raises
        NegjudgeError for nouns that the model does not know or lists of different lengths.
        """
        if batch_size < 1:
            raise NegjudgeError(f"batch_size is {batch_size}; it must be at least 1")
        named = self._nouns(objects, "object", len(images))
        elements = self._nouns(absent, "element", len(images))
        questions = [questions_about(*pair) for pair in zip(named, elements, strict=True)]
        found: list[Verdict] = []
        for start in range(0, len(images), batch_size):
            batch = slice(start, start + batch_size)
            found += self._batch(images[batch], questions[batch])
        return found

    def _nouns(self, nouns: str | Sequence[str], what: str, count: int) -> list[str]:
        listed = each(nouns, what, count)
        clean = {noun: clean_noun(self.processor.tokenizer, noun, what) for noun in set(listed)}
        return [clean[noun] for noun in listed]

    def _batch(self, images: Sequence[Picture], questions: Sequence[Sequence[str]]) -> list[Verdict]:
        loaded = [_loaded(image) for image in images]
        pictures = {n: one for n, one in enumerate(loaded) if isinstance(one, Image.Image)}
        said: dict[int, list[float]] = {}
        if pictures:
            scores = self.probabilities([*pictures.values()], [questions[n] for n in pictures])
            said = dict(zip(pictures, scores.tolist(), strict=True))
        return [
            self._verdict(*said[n]) if n in said else Verdict(error=str(one), judge=self.name)
            for n, one in enumerate(loaded)
        ]

    def _verdict(self, named: float, element: float, success: float) -> Verdict:
        return Verdict(object_present=named, element_present=element, success=success, judge=self.name)

    @torch.inference_mode()
    def probabilities(
        self, pictures: Sequence[Image.Image], questions: Sequence[Sequence[str]]
    ) -> torch.Tensor:
        """Return P(yes) among all words (pictures, questions), float32, on the CPU: one forward a picture.

        Every picture has equally many questions, which are trusted text: escape what users wrote.
        """
        logits = answer_logits(self.model, self.processor, self.template, pictures, questions)
        return logits.softmax(-1)[..., self.yes].sum(-1).cpu()


def questions_about(obj: str, element: str) -> tuple[str, str, str]:
    """Return the questions about the object, the element, and the object without the element."""
    nouns = (with_article(obj), with_article(element))
    texts = (*nouns, WITHOUT.format(object=nouns[0], element=nouns[1]))
    first, second, third = (QUESTION.format(text=text) for text in texts)
    return first, second, third


def _loaded(image: Picture) -> Image.Image | PictureError:
    try:
        return load_picture(image)
    except PictureError as error:
        return error
