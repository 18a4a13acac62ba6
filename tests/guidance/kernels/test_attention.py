"""What holds for the attention of every kernel: batches, gradients, and what the model passes along."""

from __future__ import annotations

import pytest
import torch
from dense import (
    BATCH,
    EXACT,
    FORMS,
    HEADS,
    IMAGE,
    INFINITY,
    NEGATIVE,
    POSITIVE,
    close,
    indices,
    joint,
    layout,
    lengths,
    reference_branches,
    reference_vsf,
    tensors,
)

from negjudge.guidance import TokenLayout, nag_attention, nasa_attention, vsf_attention
from negjudge.guidance.kernels.attention import Operands, attention, attention_with_lse


@pytest.mark.parametrize("kernel", [nag_attention, nasa_attention])
def test_gradients_are_those_of_finite_differences(kernel):
    qkv, groups = joint()
    tokens = layout(groups)
    inputs = [x[:1, :1].clone().requires_grad_() for x in qkv]
    assert torch.autograd.gradcheck(lambda *x: kernel(*x, tokens), inputs)


@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("kernel", [vsf_attention, nag_attention, nasa_attention])
def test_gradients_are_finite_where_a_batch_row_has_no_negative(kernel, cross):
    mask = lengths([0, NEGATIVE], NEGATIVE)
    if cross:
        qkv = tensors(IMAGE, POSITIVE + NEGATIVE)
        spans, _ = indices("PN", {"P": POSITIVE, "N": NEGATIVE})
        tokens = layout({"I": list(range(IMAGE)), **spans}, negative_mask=mask)
    else:
        qkv, groups = joint()
        tokens = layout(groups, negative_mask=mask)
    inputs = [x.clone().requires_grad_() for x in qkv]
    kernel(*inputs, tokens).sum().backward()
    assert all(x.grad.isfinite().all() for x in inputs)


@pytest.mark.parametrize("kernel", [vsf_attention, nag_attention, nasa_attention])
@pytest.mark.parametrize("cross", [False, True])
def test_a_batch_of_lengths_equals_one_by_one(kernel, cross):
    counts = [NEGATIVE, 1, 0, 3]
    n = POSITIVE + NEGATIVE
    if cross:
        query, key, value = tensors(IMAGE, n, batch=4)
        start = 0
    else:
        query, key, value = tensors(IMAGE + n, batch=4)
        start = IMAGE
    image, positive = slice(0, IMAGE), slice(start, start + POSITIVE)
    end = start + n
    tokens = TokenLayout(
        image, positive, slice(start + POSITIVE, end), negative_mask=lengths(counts, NEGATIVE)
    )
    together = kernel(query, key, value, tokens)
    for row, count in enumerate(counts):
        keep = end - NEGATIVE + count
        alone = TokenLayout(image, positive, slice(start + POSITIVE, keep))
        one = query[row : row + 1] if cross else query[row : row + 1, :, :keep]
        expected = kernel(one, key[row : row + 1, :, :keep], value[row : row + 1, :, :keep], alone)
        rows = expected.shape[2]
        close(together[row : row + 1, :, :rows], expected)


@pytest.mark.parametrize("kernel", [vsf_attention, nag_attention, nasa_attention])
def test_permuting_a_batch_permutes_the_output(kernel):
    (query, key, value), groups = joint()
    mask = lengths([NEGATIVE, 2], NEGATIVE)
    swap = [1, 0]
    once = kernel(query, key, value, layout(groups, negative_mask=mask))
    twice = kernel(query[swap], key[swap], value[swap], layout(groups, negative_mask=mask[swap]))
    close(once[swap], twice)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", ["keys", "heads", "full"])
@pytest.mark.parametrize("boolean", [False, True])
def test_the_models_mask_is_honoured(form, shape, boolean):
    qkv, groups = joint("PNI")
    n = IMAGE + POSITIVE + NEGATIVE
    size = {"keys": (BATCH, 1, 1, n), "heads": (1, HEADS, n, n), "full": (n, n)}[shape]
    generator = torch.Generator().manual_seed(3)
    if boolean:
        mask = torch.rand(size, generator=generator) > 0.2
        mask[..., [groups[g][0] for g in "IPN"]] = True
        extra = torch.where(mask, 0.0, -INFINITY).double()
    else:
        mask = extra = torch.randn(size, dtype=torch.float64, generator=generator)
    actual = vsf_attention(*qkv, layout(groups), scale=1.3, offset=0.4, attn_mask=mask, form=form)
    close(actual, reference_vsf(*qkv, groups, 1.3, 0.4, extra))
    plus, minus = reference_branches(*qkv, groups, extra)
    guided = nasa_attention(*qkv, layout(groups), scale=0.2, attn_mask=mask)
    close(guided[:, :, groups["I"]], (plus - 0.2 * minus)[:, :, groups["I"]])


@pytest.mark.parametrize("form", FORMS)
def test_the_models_scale_is_honoured(form):
    qkv, groups = joint()
    actual = vsf_attention(*qkv, layout(groups), scale=2.0, offset=0.5, attn_scale=0.2, form=form)
    close(actual, reference_vsf(*qkv, groups, 2.0, 0.5, attn_scale=0.2))
    plus, minus = reference_branches(*qkv, groups, attn_scale=0.2)
    guided = nasa_attention(*qkv, layout(groups), scale=0.2, attn_scale=0.2)
    close(guided[:, :, groups["I"]], (plus - 0.2 * minus)[:, :, groups["I"]])


@pytest.mark.parametrize("form", FORMS)
def test_grouped_queries(form):
    groups, n = indices("IPN", {"I": IMAGE, "P": POSITIVE, "N": NEGATIVE})
    query, key, value = tensors(n, heads=4, key_heads=2)
    wide = [query, key.repeat_interleave(2, 1), value.repeat_interleave(2, 1)]
    actual = vsf_attention(
        query, key, value, layout(groups), scale=1.5, offset=0.5, enable_gqa=True, form=form
    )
    close(actual, reference_vsf(*wide, groups, 1.5, 0.5))
    for kernel in (nag_attention, nasa_attention):
        close(
            kernel(query, key, value, layout(groups), enable_gqa=True), kernel(*wide, layout(groups)), **EXACT
        )


@pytest.mark.parametrize("kernel", [vsf_attention, nag_attention, nasa_attention])
def test_the_negative_never_changes_the_rows_of_the_positive(kernel):
    (query, key, value), groups = joint()
    one = kernel(query, key, value, layout(groups))
    for x in (query, key, value):
        x[:, :, groups["N"]] = torch.randn_like(x[:, :, groups["N"]]) * 9
    two = kernel(query, key, value, layout(groups))
    assert torch.equal(one[:, :, groups["P"]], two[:, :, groups["P"]])
    assert not torch.allclose(one[:, :, groups["I"]], two[:, :, groups["I"]])


@pytest.mark.parametrize("kernel", [vsf_attention, nag_attention, nasa_attention])
def test_the_negatives_own_rows_see_no_positive(kernel):
    (query, key, value), groups = joint()
    one = kernel(query, key, value, layout(groups))
    key[:, :, groups["P"]] += 3.0
    value[:, :, groups["P"]] -= 2.0
    assert torch.equal(one[:, :, groups["N"]], kernel(query, key, value, layout(groups))[:, :, groups["N"]])


@pytest.mark.parametrize("kernel", [vsf_attention, nag_attention, nasa_attention])
def test_without_a_negative_token_it_is_the_plain_call(kernel):
    query, key, value = tensors(IMAGE + POSITIVE)
    tokens = TokenLayout(slice(0, IMAGE), slice(IMAGE, None), slice(IMAGE + POSITIVE, None))
    plain = torch.nn.functional.scaled_dot_product_attention(query, key, value)
    assert torch.equal(kernel(query, key, value, tokens), plain)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kernel", [vsf_attention, nag_attention, nasa_attention])
def test_half_precision_stays_close(kernel, dtype):
    qkv, groups = joint()
    exact = kernel(*qkv, layout(groups))
    half = kernel(*(x.to(dtype) for x in qkv), layout(groups))
    assert half.dtype == dtype
    close(half.double(), exact, rtol=0.05, atol=0.05)


def test_the_log_sum_exp_is_the_same_fused_and_written_out():
    query, key, value = tensors(6, 9)
    mask = torch.randn(BATCH, 1, 1, 9, dtype=torch.float64)
    fused, fused_lse = attention_with_lse(Operands(query, key, value, mask, 0.3, False))
    written, written_lse = attention_with_lse(
        Operands(query.clone().requires_grad_(), key, value, mask, 0.3, False)
    )
    close(fused, written.detach())
    close(fused_lse, written_lse.detach())
    close(fused, attention(Operands(query, key, value, mask, 0.3, False)))
