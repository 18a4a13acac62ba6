"""Several negatives in one batch, and what weights, schedules and layers mean."""

from __future__ import annotations

import math

import pytest
import torch
from slow import guided

from negjudge.errors import NegjudgeError
from negjudge.guidance import NAG, NASA, VSF, TokenLayout, nag_attention, nasa_attention, vsf_attention
from negjudge.guidance.attention_map import negative_share
from negjudge.guidance.base import layer_numbers
from negjudge.guidance.kernels.attention import GuidedCall
from negjudge.guidance.negatives import Encoded, Negatives


def encoded(n, special=()):
    return Encoded(torch.randn(n, 4), tuple("abcdef"[:n]), tuple(i in special for i in range(n)))


def test_a_batch_pads_masks_and_weighs():
    first, second = encoded(2), encoded(3)
    batch = Negatives.batch([[(first, 1.0), (second, 2.0)], [(first, 1.0)]], torch.zeros(1, 1, 4))
    assert batch.mask.tolist() == [[True] * 5, [True] * 2 + [False] * 3]
    assert batch.weights.tolist() == [[1, 1, 2, 2, 2], [1, 1, 1, 1, 1]]
    assert torch.equal(batch.tokens[0], torch.cat([first.tokens, second.tokens]))
    assert batch.words == (("a", "b", "a", "b", "c"), ("a", "b"))
    assert Negatives.batch([[(first, 1.0)]] * 2, torch.zeros(1, 1, 4)).weights is None


def test_buckets_are_few_and_masked():
    first, second = encoded(2), encoded(3)
    batch = Negatives.batch([[(first, 1.0), (second, 2.0)]], torch.zeros(1, 1, 4), bucketed=True)
    assert batch.slots == (8, 8)
    assert batch.mask.tolist() == [[True] * 2 + [False] * 6 + [True] * 3 + [False] * 5]
    assert torch.equal(batch.tokens[0, [0, 1, 8, 9, 10]], torch.cat([first.tokens, second.tokens]))
    assert batch.words[0][8:11] == second.words
    full = Negatives.batch([[(encoded(6), 1.0)]], torch.zeros(1, 1, 4), bucketed=True)
    assert full.mask.sum() == 6


def test_special_tokens_are_dropped_but_never_all():
    assert encoded(3, special=(0, 2)).without_special().words == ("b",)
    with pytest.raises(NegjudgeError, match="special tokens alone"):
        encoded(2, special=(0, 1)).without_special()


@pytest.mark.parametrize("form", ["lse", "sdpa", "mask"])
@pytest.mark.parametrize("joint", [True, False])
def test_a_weight_of_two_is_the_token_said_twice(form, joint):
    torch.manual_seed(0)
    n, rows = (3, 12) if joint else (3, 7)
    query = torch.randn(2, 2, rows, 8, dtype=torch.float64)
    key, value = (torch.randn(2, 2, 12 if joint else 8, 8, dtype=torch.float64) for _ in range(2))
    start = key.shape[2] - n
    image = slice(0, 5) if joint else slice(None)
    positive = slice(5, start) if joint else slice(0, start)
    weights = torch.tensor([[1.0, 2.0, 1.0]] * 2, dtype=torch.float64)
    weighted = TokenLayout(image, positive, slice(start, start + n), negative_weights=weights)
    twice = [*range(start + n), start + 1]
    longer = TokenLayout(image, positive, slice(start, start + n + 1))
    more = query[:, :, twice] if joint else query
    for kernel in (
        lambda q, k, v, layout: vsf_attention(q, k, v, layout, scale=1.5, offset=0.3, form=form),
        lambda q, k, v, layout: nag_attention(q, k, v, layout, phi=2.0),
        lambda q, k, v, layout: nasa_attention(q, k, v, layout, scale=0.5),
    ):
        expected = kernel(more, key[:, :, twice], value[:, :, twice], longer)[:, :, : query.shape[2]]
        actual = kernel(query, key, value, weighted)
        torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


def test_the_slow_reference_agrees_with_the_kernels_on_plain_tensors():
    torch.manual_seed(1)
    query, key, value = (torch.randn(2, 2, 12, 8, dtype=torch.float64) for _ in range(3))
    layout = TokenLayout(slice(0, 5), slice(5, 9), slice(9, 12))
    for method, kernel in (
        (VSF(1.5, 0.2), lambda: vsf_attention(query, key, value, layout, scale=1.5, offset=0.2)),
        (NAG(), lambda: nag_attention(query, key, value, layout)),
        (NASA(), lambda: nasa_attention(query, key, value, layout)),
    ):
        expected = guided(query, key, value, range(5), range(5, 9), list(range(9, 12)), method)
        torch.testing.assert_close(kernel(), expected, rtol=0, atol=1e-12)


# ---- attention maps


@pytest.mark.parametrize("method", [VSF(offset=0.4), NAG()], ids=repr)
@pytest.mark.parametrize("joint", [True, False])
def test_a_map_is_the_negatives_share_of_a_softmax_written_out(method, joint):
    torch.manual_seed(2)
    query = torch.randn(1, 2, 12 if joint else 6, 8, dtype=torch.float64)
    key = torch.randn(1, 2, 12, 8, dtype=torch.float64)
    image = slice(0, 5) if joint else slice(None)
    layout = TokenLayout(image, slice(5 if joint else 0, 9), slice(9, 12))
    share = negative_share(GuidedCall(query, key, key, layout), method)
    scores = query[:, :, image] @ key.transpose(-1, -2) / math.sqrt(8)
    if isinstance(method, VSF):
        scores[..., 9:] -= 0.4
    else:
        scores[..., 5 if joint else 0 : 9] = -math.inf
    expected = scores.softmax(-1)[..., 9:].mean(1)
    torch.testing.assert_close(share.double(), expected, rtol=0, atol=1e-6)


# ---- schedules and layers


def test_a_schedule_falls_between_its_ends():
    linear = VSF(start=0.2, stop=0.6, schedule="linear")
    assert [linear.strength_at(p) for p in (0.1, 0.7)] == [None, None]
    assert linear.strength_at(0.2) == 1.0
    assert linear.strength_at(0.4) == pytest.approx(0.5)
    assert linear.strength_at(0.6) == pytest.approx(0.0)
    assert VSF(schedule="cosine").strength_at(0.25) == pytest.approx((1 + math.cos(math.pi / 4)) / 2)
    assert not VSF().scheduled
    assert VSF(stop=0.5).scheduled


@pytest.mark.parametrize(("text", "numbers"), [("all", None), ("3", {3}), ("0-2, 5", {0, 1, 2, 5})])
def test_layers_are_numbers_and_ranges(text, numbers):
    assert layer_numbers(text) == numbers


@pytest.mark.parametrize("text", ["", "x", "3-1", "1;2", "-1"])
def test_other_layers_are_refused(text):
    with pytest.raises(NegjudgeError, match=r"^layers is .*, expected \"all\" or a list such as"):
        VSF(layers=text)


def test_options_that_are_not_used_stay_out_of_the_settings():
    assert VSF().params == {"scale": 1.0, "offset": 0.0, "leak": False, "padding": "none"}
    assert NAG(special="drop", stop=0.5).params["special"] == "drop"
    assert repr(NASA(layers="0-3")) == "NASA(scale=0.1, padding='full', layers='0-3')"
