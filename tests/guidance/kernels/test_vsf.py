"""VSF against a dense mask in float64, in every form that it is computed in."""

from __future__ import annotations

import pytest
import torch
from dense import (
    BATCH,
    FORMS,
    IMAGE,
    INFINITY,
    NEGATIVE,
    ORDERS,
    POSITIVE,
    close,
    dense,
    indices,
    joint,
    layout,
    lengths,
    reference_branches,
    reference_vsf,
    table,
    tensors,
)

from negjudge.guidance import TokenLayout, vsf_attention


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (3.3, 0.2), (0.0, 0.0), (0.7, 5.0)])
def test_vsf_equals_the_dense_mask(order, form, scale, offset):
    qkv, groups = joint(order)
    actual = vsf_attention(*qkv, layout(groups), scale=scale, offset=offset, form=form)
    close(actual, reference_vsf(*qkv, groups, scale, offset))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("offset", [0.0, 0.4])
@pytest.mark.parametrize("negative_first", [False, True])
def test_vsf_in_cross_attention(form, offset, negative_first):
    query, key, value = tensors(IMAGE, POSITIVE + NEGATIVE)
    spans, _ = indices("NP" if negative_first else "PN", {"P": POSITIVE, "N": NEGATIVE})
    tokens = layout({"I": list(range(IMAGE)), **spans})
    flipped, bias = value.clone(), torch.zeros(POSITIVE + NEGATIVE, dtype=torch.float64)
    flipped[:, :, spans["N"]] *= -2.0
    bias[spans["N"]] = -offset
    actual = vsf_attention(query, key, value, tokens, scale=2.0, offset=offset, form=form)
    close(actual, dense(query, key, flipped, bias))


@pytest.mark.parametrize("offset", [0.0, 0.3])
@pytest.mark.parametrize("form", FORMS)
def test_vsf_gradients_equal_the_dense_masks(form, offset):
    qkv, groups = joint()
    weight = torch.randn_like(qkv[0])
    ours = [x.clone().requires_grad_() for x in qkv]
    theirs = [x.clone().requires_grad_() for x in qkv]
    (vsf_attention(*ours, layout(groups), scale=1.7, offset=offset, form=form) * weight).sum().backward()
    (reference_vsf(*theirs, groups, 1.7, offset) * weight).sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        assert b.grad.abs().max() > 1e-3
        close(a.grad, b.grad)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_vsf_with_masks(form, offset):
    qkv, groups = joint("PNI")
    positive_mask, negative_mask = lengths([3, POSITIVE], POSITIVE), lengths([NEGATIVE, 2], NEGATIVE)
    extra = torch.zeros(BATCH, 1, 1, IMAGE + POSITIVE + NEGATIVE, dtype=torch.float64)
    for row in range(BATCH):
        extra[row, 0, 0, groups["P"]] = torch.where(positive_mask[row], 0.0, -INFINITY).double()
        extra[row, 0, 0, groups["N"]] = torch.where(negative_mask[row], 0.0, -INFINITY).double()
    tokens = layout(groups, positive_mask=positive_mask, negative_mask=negative_mask)
    actual = vsf_attention(*qkv, tokens, scale=1.3, offset=offset, form=form)
    close(actual, reference_vsf(*qkv, groups, 1.3, offset, extra))


@pytest.mark.parametrize("boolean", [False, True])
def test_the_models_mask_and_the_layouts_masks_together(boolean):
    qkv, groups = joint()
    n = IMAGE + POSITIVE + NEGATIVE
    given = torch.ones(BATCH, 1, 1, n, dtype=torch.bool)
    given[0, ..., groups["P"][1]] = False
    mask = given if boolean else torch.where(given, 0.0, -INFINITY).double()
    real = lengths([NEGATIVE, 1], NEGATIVE)
    both = given.clone()
    both[:, 0, 0, groups["N"]] &= real
    actual = vsf_attention(*qkv, layout(groups, negative_mask=real), offset=0.1, attn_mask=mask)
    close(actual, reference_vsf(*qkv, groups, 1.0, 0.1, torch.where(both, 0.0, -INFINITY).double()))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("offset", [60.0, INFINITY])
def test_a_large_offset_is_the_plain_model(form, offset):
    (query, key, value), groups = joint()
    guided = vsf_attention(query, key, value, layout(groups), scale=5.0, offset=offset, form=form)
    text = IMAGE + POSITIVE
    plain = torch.nn.functional.scaled_dot_product_attention(
        query[:, :, :text], key[:, :, :text], value[:, :, :text]
    )
    close(guided[:, :, :text], plain)


def test_scale_zero_is_not_off():
    (query, key, value), groups = joint()
    guided = vsf_attention(query, key, value, layout(groups), scale=0.0)
    plus, _ = reference_branches(query, key, value, groups)
    assert (guided - plus)[:, :, groups["I"]].abs().max() > 1e-2


def test_the_leaking_variant_is_the_clean_form_with_a_longer_positive():
    """The mask of the original SD3 pipeline, rows and columns I, P, A, B and columns C (B flipped)."""
    sizes = {"I": IMAGE, "P": POSITIVE, "A": NEGATIVE, "B": NEGATIVE}
    groups, n = indices("IPAB", sizes)
    query, key, value = tensors(n)
    image, positive, first, second = (groups[g] for g in "IPAB")
    flipped = list(range(n, n + NEGATIVE))
    wide_key = torch.cat([key, key[:, :, second]], 2)
    wide_value = torch.cat([value, -3.3 * value[:, :, second]], 2)
    seen = image + positive + first
    bias = table(
        n,
        n + NEGATIVE,
        [(image, seen + flipped), (positive, seen), (first, seen), (second, image + second)],
    )
    for row in image:
        bias[row, flipped] -= 0.2
    tokens = layout({"I": image, "P": positive + first, "N": second})
    close(
        vsf_attention(query, key, value, tokens, scale=3.3, offset=0.2),
        dense(query, wide_key, wide_value, bias),
    )


@pytest.mark.parametrize("form", ["lse", "sdpa", "mask"])
@pytest.mark.parametrize("scale", [0.5, 8.0, torch.tensor(8.0)])
def test_half_precision_is_finite_where_the_true_result_is(form, scale):
    torch.manual_seed(0)
    query, key = (torch.randn(1, 4, 12, 16) for _ in range(2))
    value = 14_000 * (2 * torch.rand(1, 4, 12, 16) - 1)
    tokens = TokenLayout(slice(0, 4), slice(4, 8), slice(8, 12))
    halves = [x.half() for x in (query, key, value)]
    wanted = vsf_attention(*(x.double() for x in halves), tokens, scale=float(scale), offset=1.0, form=form)
    found = vsf_attention(*halves, tokens, scale=scale, offset=1.0, form=form)
    assert wanted.abs().max() < 65_000
    torch.testing.assert_close(found.double(), wanted, rtol=0.02, atol=150.0)
