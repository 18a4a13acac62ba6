"""Packing: which token sees which, and at which position it stands."""

import torch
from PIL import Image

from negjudge.judge.loading import load_model, load_processor
from negjudge.judge.packing import (
    PADDING,
    answer_logits,
    pack,
    picture_prefix,
    prefix_positions,
    vocabulary_logits,
)
from negjudge.judge.prompts import questions_about, read_template


def packed():
    prefixes = [[1, 2, 3], [1, 2, 2, 3]]
    positions = [torch.arange(3).expand(3, 3), torch.tensor([[0, 1, 1, 3]]).expand(3, 4)]
    return pack(prefixes, positions, [[[7, 8], [9]], [[7], [9, 9, 9]]], pad=0)


def test_tokens_positions_and_answers():
    batch = packed()
    assert batch.input_ids.tolist() == [[1, 2, 3, 7, 8, 9, 0, 0], [1, 2, 2, 3, 7, 9, 9, 9]]
    assert batch.positions[0].tolist() == [[0, 1, 2, 3, 4, 3, 0, 0], [0, 1, 1, 3, 4, 4, 5, 6]]
    assert batch.last.tolist() == [[4, 5], [4, 7]]


def test_questions_see_the_prefix_and_themselves():
    visible = packed().mask == 0
    assert visible[0, 0, 4].nonzero().flatten().tolist() == [0, 1, 2, 3, 4]
    assert visible[0, 0, 5].nonzero().flatten().tolist() == [0, 1, 2, 5]
    assert visible[1, 0, 6].nonzero().flatten().tolist() == [0, 1, 2, 3, 5, 6]
    assert visible[0, 0, 1].nonzero().flatten().tolist() == [0, 1]
    assert visible.any(dim=-1).all()  # a row that saw nothing, padding included, would give not-a-number


def test_pictures_may_have_different_numbers_of_questions():
    prefixes, positions = [[1, 2], [1, 2]], [torch.arange(2).expand(3, 2)] * 2
    batch = pack(prefixes, positions, [[[7]], [[7], [8, 9], [9]]], pad=0)
    assert batch.last.tolist() == [[2, PADDING, PADDING], [2, 4, 5]]
    assert batch.input_ids.tolist() == [[1, 2, 7, 0, 0, 0], [1, 2, 7, 8, 9, 9]]
    assert (batch.mask == 0).any(dim=-1).all()


@torch.inference_mode()
def test_answers_of_ragged_questions_are_those_of_each_picture(base, pictures):
    model, processor = load_model(base).eval(), load_processor(base)
    template, images = read_template(processor), [Image.open(pictures[i]) for i in (0, 2)]
    asked = [questions_about("bicycle", "wheels")[:2], questions_about("house", "roof")]
    found = answer_logits(model, processor, template, images, asked)
    words = vocabulary_logits(model, processor, template, images, asked)
    assert found.shape == (2, 5, len(template.answers))
    torch.testing.assert_close(words[..., list(template.answers)], found, atol=2e-5, rtol=0, equal_nan=True)
    assert found[0, 2:].isnan().all()
    for row, image, own in zip(found, images, asked, strict=True):
        alone = answer_logits(model, processor, template, [image], [own])[0]
        torch.testing.assert_close(row[: len(own)], alone, atol=2e-5, rtol=0)


def test_head_is_filled_with_picture_tokens():
    assert picture_prefix([5, 9, 6], 9, 3) == [5, 9, 9, 9, 6]


def test_prefix_positions_are_the_models(base):
    model = load_model(base)
    image = model.config.image_token_id
    prefix = picture_prefix([1, image, 4], image, 6)
    grid = torch.tensor([[1, 4, 6]])
    found = prefix_positions(model.model, prefix, image, grid)
    # Rows and columns count up inside the picture, and the text goes on after the longer side.
    assert found[0].tolist() == [0, 1, 1, 1, 1, 1, 1, 4]
    assert found[1].tolist() == [0, 1, 1, 1, 2, 2, 2, 4]
    assert found[2].tolist() == [0, 1, 2, 3, 1, 2, 3, 4]
