"""Many questions about a picture in one sequence: a shared prefix, a mask that keeps questions apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from negjudge.judge.prompts import Template, question_ids

PADDING = -1
PREFIX = 0  # questions count from 1


@dataclass(frozen=True)
class Packed:
    """A batch of pictures with their questions behind them.

    ``input_ids`` (batch, tokens); ``positions`` (3, batch, tokens), each question counted as if it alone
    followed the prefix; ``mask`` (batch, 1, tokens, tokens), added to the attention scores; ``last``
    (batch, questions), the place of each question's last token, whose logits are its answer.
    """

    input_ids: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    last: torch.Tensor


def pack(
    prefixes: Sequence[Sequence[int]],
    prefix_positions: Sequence[torch.Tensor],
    questions: Sequence[Sequence[Sequence[int]]],
    pad: int,
    dtype: torch.dtype = torch.float32,
) -> Packed:
    """Pack the questions of each picture behind its prefix; pictures must have equally many questions.

    ``prefix_positions[i]`` is (3, tokens of prefix i). The mask lets a token see what comes before it in the
    prefix and in its own question, and nothing else, so that every question gets the logits of a pass of
    its own.
    """
    lengths = [len(p) + sum(map(len, q)) for p, q in zip(prefixes, questions, strict=True)]
    size = (len(prefixes), max(lengths))
    ids = torch.full(size, pad)
    segments = torch.full(size, PADDING)
    positions = torch.zeros(3, *size, dtype=torch.long)
    last = torch.zeros(len(prefixes), len(questions[0]), dtype=torch.long)
    for row, (prefix, own) in enumerate(zip(prefixes, questions, strict=True)):
        end = len(prefix)
        ids[row, :end] = torch.tensor(prefix)
        segments[row, :end] = PREFIX
        positions[:, row, :end] = prefix_positions[row]
        start = int(prefix_positions[row].max()) + 1
        for number, question in enumerate(own):
            place = slice(end, end + len(question))
            ids[row, place] = torch.tensor(question)
            segments[row, place] = number + 1
            positions[:, row, place] = torch.arange(start, start + len(question))
            end = place.stop
            last[row, number] = end - 1
    return Packed(ids, positions, _mask(segments, dtype), last)


def _mask(segments: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    keys, queries = segments[:, None, None, :], segments[:, None, :, None]
    visible = (keys == PREFIX) | (keys == queries)
    causal = torch.ones(segments.shape[1], segments.shape[1], dtype=torch.bool).tril()
    return torch.zeros(visible.shape, dtype=dtype).masked_fill(~(visible & causal), torch.finfo(dtype).min)


def picture_prefix(head: Sequence[int], image_token: int, tokens: int) -> list[int]:
    """Return the template's head with its one image token repeated for every picture token."""
    place = list(head).index(image_token)
    return [*head[:place], *[image_token] * tokens, *head[place + 1 :]]


def prefix_positions(model: Any, prefix: Sequence[int], image_token: int, grid: torch.Tensor) -> torch.Tensor:
    """Return the rotary positions (3, tokens) that the model itself gives a prefix with one picture.

    ``grid`` is the picture's (1, 3): frames, patch rows, patch columns.
    """
    ids = torch.tensor([prefix], device=grid.device)
    kinds = (ids == image_token).int()
    positions, _ = model.get_rope_index(input_ids=ids, mm_token_type_ids=kinds, image_grid_thw=grid)
    return positions[:, 0].cpu()


def answer_logits(
    model: Any,
    processor: Any,
    template: Template,
    pictures: Sequence[Image.Image],
    questions: Sequence[Sequence[str]],
) -> torch.Tensor:
    """Return the logits (pictures, questions, vocabulary) of each question's first answer token, in float32.

    ``model`` is the Qwen2.5-VL model with its language head; a LoRA inside it takes part. Every picture has
    equally many questions, and one forward pass answers them all. Questions are trusted text: escape what
    users wrote.
    """
    inputs = processor.image_processor(images=list(pictures), return_tensors="pt")
    return logits_of_pixels(
        model, processor, template, inputs["pixel_values"], inputs["image_grid_thw"], questions
    )


def logits_of_pixels(
    model: Any,
    processor: Any,
    template: Template,
    pixels: torch.Tensor,
    grids: torch.Tensor,
    questions: Sequence[Sequence[str]],
) -> torch.Tensor:
    """Return ``answer_logits`` of pictures that the processor has cut into patches already.

    ``pixels`` (patches of all pictures, values of a patch) and ``grids`` (pictures, 3) are its
    ``pixel_values`` and ``image_grid_thw``.
    """
    merged = processor.image_processor.merge_size**2
    by_grid = {}
    for grid in grids.unique(dim=0):
        prefix = picture_prefix(template.head, template.image_token, int(grid.prod()) // merged)
        positions = prefix_positions(model.model, prefix, template.image_token, grid[None])
        by_grid[tuple(grid.tolist())] = prefix, positions
    prefixes, positions_of = zip(*(by_grid[tuple(grid)] for grid in grids.tolist()), strict=True)
    packed = pack(
        prefixes,
        positions_of,
        [question_ids(processor.tokenizer, template, own) for own in questions],
        pad=processor.tokenizer.pad_token_id,
        dtype=model.dtype,
    )
    return _forward(model, packed, pixels, grids)


def _forward(model: Any, packed: Packed, pixels: torch.Tensor, grids: torch.Tensor) -> torch.Tensor:
    device = model.device
    hidden = model.model(
        input_ids=packed.input_ids.to(device),
        position_ids=packed.positions.to(device),
        attention_mask=packed.mask.to(device),
        pixel_values=pixels.to(device, model.dtype),
        image_grid_thw=grids.to(device),
        use_cache=False,
    ).last_hidden_state
    # Only the rows that answer go through the head: with 150,000 words, all of them would not fit.
    rows = torch.arange(len(packed.last), device=device)[:, None]
    logits: torch.Tensor = model.lm_head(hidden[rows, packed.last.to(device)]).float()
    return logits
