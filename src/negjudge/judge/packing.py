"""Many questions about a picture in one sequence: a shared prefix, a mask that keeps questions apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from negjudge.judge.head import at_places, token_logits
from negjudge.judge.prompts import Template, question_ids

PADDING = -1
PREFIX = 0  # questions count from 1


@dataclass(frozen=True)
class Packed:
    """A batch of pictures with their questions behind them.

    ``input_ids`` (batch, tokens); ``positions`` (3, batch, tokens), each question counted as if it alone
    followed the prefix; ``mask`` (batch, 1, tokens, tokens), added to the attention scores; ``last``
    (batch, most questions), the place of each question's last token, whose logits are its answer, and
    ``PADDING`` where a picture has fewer questions.
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
    """Pack the questions of each picture, as many as it has, behind its prefix.

    ``prefix_positions[i]`` is (3, tokens of prefix i). The mask lets a token see what comes before it in the
    prefix and in its own question, and nothing else, so that every question gets the logits of a pass of
    its own.
    """
    lengths = [len(p) + sum(map(len, q)) for p, q in zip(prefixes, questions, strict=True)]
    size = (len(prefixes), max(lengths))
    ids = torch.full(size, pad)
    segments = torch.full(size, PADDING)
    positions = torch.zeros(3, *size, dtype=torch.long)
    last = torch.full((len(prefixes), max(map(len, questions))), PADDING)
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


def pack_behind(
    model: Any,
    processor: Any,
    template: Template,
    grids: torch.Tensor,
    questions: Sequence[Sequence[Sequence[int]]],
    dtype: torch.dtype,
) -> Packed:
    """Pack the questions' tokens behind pictures of these ``grids`` (pictures, 3).

    ``model`` is the Qwen2.5-VL model with its language head, of which only the configuration is read.
    """
    merged = processor.image_processor.merge_size**2
    by_grid = {}
    for grid in grids.unique(dim=0):
        prefix = picture_prefix(template.head, template.image_token, int(grid.prod()) // merged)
        positions = prefix_positions(model.model, prefix, template.image_token, grid[None])
        by_grid[tuple(grid.tolist())] = prefix, positions
    prefixes, positions_of = zip(*(by_grid[tuple(grid)] for grid in grids.tolist()), strict=True)
    return pack(prefixes, positions_of, questions, processor.tokenizer.pad_token_id, dtype)


def answer_logits(
    model: Any,
    processor: Any,
    template: Template,
    pictures: Sequence[Image.Image],
    questions: Sequence[Sequence[str]],
) -> torch.Tensor:
    """Return the logits (pictures, questions, answers) of the template's answers, in float32.

    ``model`` is the Qwen2.5-VL model with its language head; a LoRA inside it takes part. One forward pass
    answers all questions; where a picture has fewer than another, not-a-number stands in the rest of its
    row. Questions are trusted text: escape what users wrote.
    """
    hidden, last = _read(model, processor, template, *_cut(processor, pictures), questions)
    logits = token_logits(model.lm_head, hidden, torch.tensor(template.answers, device=hidden.device))
    return _blank(logits, last)


def vocabulary_logits(
    model: Any,
    processor: Any,
    template: Template,
    pictures: Sequence[Image.Image],
    questions: Sequence[Sequence[str]],
) -> torch.Tensor:
    """Return the logits (pictures, questions, vocabulary) of every word, by the head as it is, in float32.

    Everything else is as in ``answer_logits``.
    """
    pixels, grids = _cut(processor, pictures)
    return pixel_logits(model, processor, template, pixels, grids, questions)


def pixel_logits(
    model: Any,
    processor: Any,
    template: Template,
    pixels: torch.Tensor,
    grids: torch.Tensor,
    questions: Sequence[Sequence[str]],
) -> torch.Tensor:
    """Return ``vocabulary_logits`` of pictures that the processor has cut into patches already.

    ``pixels`` (patches of all pictures, values of a patch) and ``grids`` (pictures, 3) are its
    ``pixel_values`` and ``image_grid_thw``.
    """
    hidden, last = _read(model, processor, template, pixels, grids, questions)
    return _blank(model.lm_head(hidden).float(), last)


def _cut(processor: Any, pictures: Sequence[Image.Image]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the patches of all pictures and their grids (pictures, 3)."""
    inputs = processor.image_processor(images=list(pictures), return_tensors="pt")
    return inputs["pixel_values"], inputs["image_grid_thw"]


def _read(
    model: Any,
    processor: Any,
    template: Template,
    pixels: torch.Tensor,
    grids: torch.Tensor,
    questions: Sequence[Sequence[str]],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the hidden states (pictures, questions, width) that answer, and the places they stood in."""
    ids = [question_ids(processor.tokenizer, template, own) for own in questions]
    packed = pack_behind(model, processor, template, grids, ids, model.dtype)
    device = model.device
    hidden = model.model(
        input_ids=packed.input_ids.to(device),
        position_ids=packed.positions.to(device),
        attention_mask=packed.mask.to(device),
        pixel_values=pixels.to(device, model.dtype),
        image_grid_thw=grids.to(device),
        use_cache=False,
    ).last_hidden_state
    last = packed.last.to(device)
    return at_places(hidden, last), last


def _blank(logits: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    return logits.masked_fill((last == PADDING)[..., None], math.nan)
