"""Packed training: a row a picture, all its questions behind one prefix, and their way through the head."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from negjudge.judge.head import at_places, has_rows, token_logits
from negjudge.judge.packing import PADDING, pack_behind
from negjudge.judge.pictures import load_picture
from negjudge.judge.prompts import ANSWERS, Template, question_ids
from negjudge.training.data import Row, Target
from negjudge.training.features import PictureFeatures
from negjudge.training.recipe import TrainRecipe

IGNORED = -100  # the label of tokens without loss, as transformers has it


@dataclass(frozen=True)
class Asked:
    """A picture, what is asked about it, and the answers' probabilities."""

    image: str
    questions: tuple[str, ...]
    targets: tuple[Target, ...]


def by_picture(rows: Sequence[Row]) -> list[Asked]:
    """Return the rows' pictures in the order in which they come first, each with all its questions."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.image, []).append(row)
    return [
        Asked(image, tuple(row.question for row in own), tuple(row.target for row in own))
        for image, own in found.items()
    ]


def questions_each(asked: Sequence[Asked]) -> float:
    """Return the mean number of questions a picture."""
    return sum(len(one.questions) for one in asked) / len(asked)


def in_pictures(recipe: TrainRecipe, asked: Sequence[Asked]) -> TrainRecipe:
    """Return the recipe with ``batch_size`` in pictures, about as many questions a step as it asks for."""
    each = questions_each(asked)
    pictures = max(1, round(recipe.batch_size / each))
    step = recipe.batch_size * recipe.gradient_accumulation
    return replace(recipe, batch_size=pictures, gradient_accumulation=max(1, round(step / (pictures * each))))


def to_packed_dataset(asked: Sequence[Asked], tokenizer: Any, template: Template) -> Any:
    """Return a ``datasets.Dataset`` with the columns image (a path), questions (token ids) and targets."""
    from datasets import Dataset, Features, List, Value

    features = Features(
        {
            "image": Value("string"),
            "questions": List(List(Value("int32"))),
            "targets": List(List(Value("float32"))),
        }
    )
    columns: dict[str, list[Any]] = {
        "image": [one.image for one in asked],
        "questions": [question_ids(tokenizer, template, one.questions) for one in asked],
        "targets": [[list(target) for target in one.targets] for one in asked],
    }
    return Dataset.from_dict(columns, features=features)


class PackedCollator:
    """Batches pictures with their questions, as the judge packs them when it scores.

    ``model`` is the Qwen2.5-VL model with its language head. With ``features`` a batch holds vision features
    in the place of pixels.
    """

    def __init__(
        self,
        model: Any,
        processor: Any,
        template: Template,
        dtype: torch.dtype,
        features: PictureFeatures | None = None,
    ) -> None:
        self.model, self.processor, self.template = model, processor, template
        self.dtype, self.features = dtype, features

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Return the model's inputs, and ``last`` (pictures, most questions), ``labels``, ``targets``.

        ``targets`` is (pictures, most questions, answers), zero where a picture has no further question.
        ``labels`` is (pictures, 1 + most questions) and counts them: the likeliest answer, ``IGNORED`` where
        there is none and in the first column, since transformers leaves the first of a row uncounted.
        """
        grids, pictures = self._pictures([example["image"] for example in examples])
        questions = [example["questions"] for example in examples]
        packed = pack_behind(self.model, self.processor, self.template, grids, questions, self.dtype)
        asked = packed.last != PADDING
        targets = torch.zeros(*packed.last.shape, len(ANSWERS))
        targets[asked] = torch.tensor([target for example in examples for target in example["targets"]])
        likeliest = torch.tensor(self.template.answers)[targets.argmax(dim=-1)]
        return {
            "input_ids": packed.input_ids,
            "attention_mask": packed.mask,
            "position_ids": packed.positions,
            **pictures,
            "last": packed.last,
            "labels": torch.nn.functional.pad(likeliest.masked_fill(~asked, IGNORED), (1, 0), value=IGNORED),
            "targets": targets,
        }

    def _pictures(self, images: Sequence[str]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        if self.features is not None:
            features, grids = self.features(images)
            return grids, {"features": features}
        pictures = [load_picture(image) for image in images]
        inputs = self.processor.image_processor(images=pictures, return_tensors="pt")
        return inputs["image_grid_thw"], {name: inputs[name] for name in ("pixel_values", "image_grid_thw")}


@contextlib.contextmanager
def answering(head: Any, last: torch.Tensor, answers: torch.Tensor) -> Iterator[None]:
    """Make the model's logits those that answer (pictures, questions, vocabulary), in float32 or finer.

    ``last`` is as in ``Packed``. The logits of the ``answers`` are those that the judge scores by; the other
    words, which the softmax needs, keep the head's own precision. It is done within the model's forward pass,
    where sharded weights are whole.
    """

    def places(_: Any, inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        return (at_places(inputs[0], last),)

    def exact(_: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        wide = output.to(torch.promote_types(output.dtype, torch.float32))
        if not has_rows(head):
            return wide
        return wide.index_copy(-1, answers, token_logits(head, inputs[0], answers))

    with contextlib.ExitStack() as hooks:
        hooks.callback(head.register_forward_pre_hook(places).remove)
        hooks.callback(head.register_forward_hook(exact).remove)
        yield
