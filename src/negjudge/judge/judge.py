"""The judge: what a vision-language model says of pictures, as calibrated verdicts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Literal, overload

import torch
from PIL import Image

from negjudge.data.records import Verdict
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import load
from negjudge.judge.packing import answer_logits
from negjudge.judge.pictures import Picture, as_batch, is_one_picture
from negjudge.judge.prompts import noun_pairs, questions_about, read_template
from negjudge.judge.scorer import errors_in_place
from negjudge.judge.settings import JudgeSettings
from negjudge.judge.verdicts import Answers, verdict

Errors = Literal["keep", "raise"]
"""What becomes of a picture that cannot be judged: a verdict that says why, or a NegjudgeError."""


class Judge:
    """Says whether an object is in a picture, whether an element is, and how good the picture is.

    Load one with ``Judge.from_pretrained``. All questions about a picture go through the model in one
    forward pass that computes the picture's part once.
    """

    def __init__(self, model: Any, processor: Any, settings: JudgeSettings, name: str | None = None) -> None:
        self.model = model
        self.processor = processor
        self.settings = settings
        self.name = name
        self.template = read_template(processor)

    @classmethod
    def from_pretrained(
        cls,
        source: str | os.PathLike[str],
        *,
        revision: str | None = None,
        device: str | None = None,
        dtype: torch.dtype | None = None,
    ) -> Judge:
        """Load a judge from a folder or a Hub id: a LoRA adapter, merged weights, or an untuned base.

        Without ``device``, CUDA is taken where there is one; without ``dtype``, float32 on the CPU and
        bfloat16 elsewhere. Raises NegjudgeError where the model, or the base of an adapter, is missing or
        another than it was.
        """
        loaded = load(os.fspath(source), revision, device, dtype)
        return cls(loaded.model, loaded.processor, loaded.settings, name=os.fspath(source))

    @overload
    def score(  # type: ignore[overload-overlap]  # a path is a sequence of strings too
        self, images: Picture, objects: str, absent: str, batch_size: int = ..., errors: Errors = ...
    ) -> Verdict: ...

    @overload
    def score(
        self,
        images: Sequence[Picture],
        objects: str | Sequence[str],
        absent: str | Sequence[str],
        batch_size: int = ...,
        errors: Errors = ...,
    ) -> list[Verdict]: ...

    def score(
        self,
        images: Picture | Sequence[Picture],
        objects: str | Sequence[str],
        absent: str | Sequence[str],
        batch_size: int = 16,
        errors: Errors = "keep",
    ) -> Verdict | list[Verdict]:
        """Judge one picture (a Verdict) or many (a list, in their order).

        ``objects`` should be there and ``absent`` should not; a string counts for every picture. A picture
        that cannot be read gives a verdict with ``error`` set, or with ``errors="raise"`` a NegjudgeError.
        Raises NegjudgeError for nouns that the judge does not know or lists of different lengths.
        """
        batch = as_batch(images)
        verdicts = [
            Verdict(error=answer, judge=self.name)
            if isinstance(answer, str)
            else verdict(answer, self.settings.calibration, self.name)
            for answer in self.answers(batch, objects, absent, batch_size)
        ]
        if errors == "raise":
            reason = next((one.error for one in verdicts if one.error is not None), None)
            if reason is not None:
                raise NegjudgeError(reason)
        return verdicts[0] if is_one_picture(images) else verdicts

    def answers(
        self,
        images: Sequence[Picture],
        objects: str | Sequence[str],
        absent: str | Sequence[str],
        batch_size: int = 16,
    ) -> Iterator[Answers | str]:
        """Yield the raw answers about each picture in order, or the reason why it cannot be judged.

        Raises as ``score`` does.
        """
        nouns = noun_pairs(objects, absent, len(images), self.processor.tokenizer)
        questions = [questions_about(*pair) for pair in nouns]
        return errors_in_place(self._ask, images, questions, batch_size)

    def __repr__(self) -> str:
        """Say which judge this is, where it runs and whether it was calibrated."""
        base = self.settings.base
        tuned = f", tuned from {base.id}" if base else ", not tuned"
        name = self.name or type(self.model).__name__
        return f"Judge({name!r}{tuned}, {self.model.dtype} on {self.model.device})"

    def _ask(self, pictures: Sequence[Image.Image], questions: Sequence[Sequence[str]]) -> list[Answers]:
        return [_answers(row) for row in self.logits(pictures, questions).tolist()]

    @torch.inference_mode()
    def logits(self, pictures: Sequence[Image.Image], questions: Sequence[Sequence[str]]) -> torch.Tensor:
        """Return the logits (pictures, questions, answers) of yes, no and 1 to 5, float32, on the CPU.

        Every picture has equally many questions, which are trusted text: escape what users wrote.
        """
        return answer_logits(self.model, self.processor, self.template, pictures, questions).cpu()


def _answers(row: list[list[float]]) -> Answers:
    *presence, quality = row
    first, second, third, fourth = (yes - no for yes, no, *_ in presence)
    one, two, three, four, five = quality[2:]
    return Answers((first, second, third, fourth), (one, two, three, four, five))
