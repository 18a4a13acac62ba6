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
from negjudge.judge.packing import vocabulary_logits
from negjudge.judge.pictures import Picture, as_batch
from negjudge.judge.prompts import noun_pairs, read_template, token_ids, unknown_words
from negjudge.judge.scorer import errors_in_place

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
        images = as_batch(images)
        nouns = noun_pairs(objects, absent, len(images), self.processor.tokenizer)
        questions = [questions_about(*pair) for pair in nouns]
        return [
            Verdict(error=found, judge=self.name) if isinstance(found, str) else found
            for found in errors_in_place(self._ask, images, questions, batch_size)
        ]

    def _ask(self, pictures: Sequence[Image.Image], questions: Sequence[Sequence[str]]) -> list[Verdict]:
        return [
            Verdict(object_present=named, element_present=element, success=success, judge=self.name)
            for named, element, success in self.probabilities(pictures, questions).tolist()
        ]

    @torch.inference_mode()
    def probabilities(
        self, pictures: Sequence[Image.Image], questions: Sequence[Sequence[str]]
    ) -> torch.Tensor:
        """Return P(yes) among all words (pictures, questions), float32, on the CPU: one forward a picture.

        Every picture has equally many questions, which are trusted text: escape what users wrote.
        """
        logits = vocabulary_logits(self.model, self.processor, self.template, pictures, questions)
        return logits.softmax(-1)[..., self.yes].sum(-1).cpu()


def questions_about(obj: str, element: str) -> tuple[str, str, str]:
    """Return the questions about the object, the element, and the object without the element."""
    nouns = (with_article(obj), with_article(element))
    texts = (*nouns, WITHOUT.format(object=nouns[0], element=nouns[1]))
    first, second, third = (QUESTION.format(text=text) for text in texts)
    return first, second, third
