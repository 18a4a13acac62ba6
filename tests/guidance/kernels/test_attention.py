"""The kernels against dense-mask references in float64 that share no code with them."""

from __future__ import annotations

import math

import pytest
import torch

from negjudge.guidance import TokenLayout, nag_attention, nasa_attention, vsf_attention
from negjudge.guidance.kernels.attention import Operands, attention, attention_with_lse

BATCH, HEADS, IMAGE, POSITIVE, NEGATIVE, DIM = 2, 3, 7, 5, 4, 8
EXACT = {"rtol": 0.0, "atol": 1e-12}
INFINITY = float("inf")
FORMS = ["sdpa", "lse", "mask", "auto"]
ORDERS = ["IPN", "PNI", "PIN", "NIP"]


# ---- references: one softmax over a dense (queries, keys) table of who sees whom


def dense(query, key, value, bias, attn_scale=None):
    """Softmax attention with an explicit additive table, broadcast to (batch, heads, queries, keys)."""
    scale = 1 / math.sqrt(query.shape[-1]) if attn_scale is None else attn_scale
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key) * scale + bias
    weights = torch.exp(scores - scores.amax(-1, keepdim=True))
    return torch.einsum("bhqk,bhkd->bhqd", weights / weights.sum(-1, keepdim=True), value)


def indices(order, sizes):
    spans, start = {}, 0
    for group in order:
        spans[group] = list(range(start, start + sizes[group]))
        start += sizes[group]
    return spans, start


def table(n_query, n_key, seen):
    """-inf except where ``seen`` lists (rows, columns)."""
    bias = torch.full((n_query, n_key), -INFINITY, dtype=torch.float64)
    for rows, columns in seen:
        for row in rows:
            bias[row, columns] = 0.0
    return bias


def reference_vsf(query, key, value, groups, scale, offset, extra=0.0, attn_scale=None):
    """Joint VSF: the negative's keys once more at the end, values times −scale, seen by the picture only."""
    image, positive, negative = groups["I"], groups["P"], groups["N"]
    n = query.shape[2]
    copies = list(range(n, n + len(negative)))
    key = torch.cat([key, key[:, :, negative]], 2)
    value = torch.cat([value, value[:, :, negative] * -scale], 2)
    bias = table(
        n,
        n + len(negative),
        [(image, image + positive + copies), (positive, image + positive), (negative, image + negative)],
    )
    for row in image:
        bias[row, copies] -= offset
    if torch.is_tensor(extra):
        extra = torch.cat([extra, extra[..., negative]], -1)
    return dense(query, key, value, bias + extra, attn_scale)


def reference_branches(query, key, value, groups, extra=0.0, attn_scale=None):
    """Z⁺ and Z⁻ for every row: with the positive, and with the negative, as the only text."""
    image, positive, negative = groups["I"], groups["P"], groups["N"]
    n = query.shape[2]
    everyone = list(range(n))
    plus = dense(query, key, value, table(n, n, [(everyone, image + positive)]) + extra, attn_scale)
    minus = dense(query, key, value, table(n, n, [(everyone, image + negative)]) + extra, attn_scale)
    return plus, minus


def reference_nag_rows(plus, minus, phi, tau, alpha, order):
    """NAG token by token, in plain loops."""
    out = torch.empty_like(plus)
    for b in range(plus.shape[0]):
        for t in range(plus.shape[2]):
            z_plus, z_minus = plus[b, :, t].flatten(), minus[b, :, t].flatten()
            z = z_plus + phi * (z_plus - z_minus)
            ratio = (z.abs() ** order).sum() ** (1 / order) / (z_plus.abs() ** order).sum() ** (1 / order)
            z = z * min(float(ratio), tau) / float(ratio)
            out[b, :, t] = (alpha * z + (1 - alpha) * z_plus).view_as(out[b, :, t])
    return out


# ---- inputs


def tensors(n_query, n_key=None, seed=0, heads=HEADS, key_heads=HEADS, batch=BATCH):
    generator = torch.Generator().manual_seed(seed)
    shapes = [(heads, n_query), (key_heads, n_key or n_query), (key_heads, n_key or n_query)]
    return [torch.randn(batch, h, n, DIM, dtype=torch.float64, generator=generator) * 1.5 for h, n in shapes]


def joint(order="IPN", seed=0):
    groups, n = indices(order, {"I": IMAGE, "P": POSITIVE, "N": NEGATIVE})
    return tensors(n, seed=seed), groups


def layout(groups, **masks):
    spans = {group: slice(rows[0], rows[-1] + 1) for group, rows in groups.items()}
    return TokenLayout(image=spans["I"], positive=spans["P"], negative=spans["N"], **masks)


def lengths(counts, n):
    return torch.arange(n) < torch.tensor(counts)[:, None]


def close(actual, expected, **tolerance):
    torch.testing.assert_close(actual, expected, **(tolerance or EXACT))


# ---- joint attention


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (3.3, 0.2), (0.0, 0.0), (0.7, 5.0)])
def test_vsf_equals_the_dense_mask(order, form, scale, offset):
    qkv, groups = joint(order)
    actual = vsf_attention(*qkv, layout(groups), scale=scale, offset=offset, form=form)
    close(actual, reference_vsf(*qkv, groups, scale, offset))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("norm", "power"), [("l1", 1), ("l2", 2)])
@pytest.mark.parametrize("tau", [1.0, 1.2, 2.5])
def test_nag_equals_the_dense_mask(order, norm, power, tau):
    qkv, groups = joint(order)
    plus, minus = reference_branches(*qkv, groups)
    expected = torch.empty_like(plus)
    expected[:, :, groups["P"]] = plus[:, :, groups["P"]]
    expected[:, :, groups["N"]] = minus[:, :, groups["N"]]
    rows = groups["I"]
    expected[:, :, rows] = reference_nag_rows(plus[:, :, rows], minus[:, :, rows], 3.0, tau, 0.4, power)
    actual = nag_attention(*qkv, layout(groups), phi=3.0, tau=tau, alpha=0.4, norm=norm)
    close(actual, expected)


@pytest.mark.parametrize("order", ORDERS)
def test_nasa_equals_the_dense_mask(order):
    qkv, groups = joint(order)
    plus, minus = reference_branches(*qkv, groups)
    expected = plus - 0.3 * minus
    expected[:, :, groups["P"]] = plus[:, :, groups["P"]]
    expected[:, :, groups["N"]] = minus[:, :, groups["N"]]
    close(nasa_attention(*qkv, layout(groups), scale=0.3), expected)


def test_tau_bounds_the_norm_and_only_from_above():
    qkv, groups = joint()
    plus, minus = reference_branches(*qkv, groups)
    rows = groups["I"]
    guided = nag_attention(*qkv, layout(groups), phi=50.0, tau=1.5, alpha=1.0)[:, :, rows]
    ratio = guided.abs().sum((1, 3)) / plus[:, :, rows].abs().sum((1, 3))
    close(ratio, torch.full_like(ratio, 1.5))
    loose = nag_attention(*qkv, layout(groups), phi=2.0, tau=1e6, alpha=1.0)[:, :, rows]
    close(loose, (3 * plus - 2 * minus)[:, :, rows])


# ---- cross-attention


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


def test_nag_and_nasa_in_cross_attention():
    query, key, value = tensors(IMAGE, POSITIVE + NEGATIVE)
    spans, _ = indices("PN", {"P": POSITIVE, "N": NEGATIVE})
    tokens = layout({"I": list(range(IMAGE)), **spans})
    plus = dense(query, key[:, :, spans["P"]], value[:, :, spans["P"]], 0.0)
    minus = dense(query, key[:, :, spans["N"]], value[:, :, spans["N"]], 0.0)
    close(nasa_attention(query, key, value, tokens, scale=0.25), plus - 0.25 * minus)
    expected = reference_nag_rows(plus, minus, 4.0, 2.0, 0.5, 1)
    close(nag_attention(query, key, value, tokens, phi=4.0, tau=2.0, alpha=0.5), expected)


# ---- gradients


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


# ---- masks and batches


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


# ---- what the model passes along


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


# ---- properties that need no reference


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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kernel", [vsf_attention, nag_attention, nasa_attention])
def test_half_precision_stays_close(kernel, dtype):
    qkv, groups = joint()
    exact = kernel(*qkv, layout(groups))
    half = kernel(*(x.to(dtype) for x in qkv), layout(groups))
    assert half.dtype == dtype
    close(half.double(), exact, rtol=0.05, atol=0.05)


def test_nag_norms_do_not_overflow_in_half_precision():
    heads, size = 16, 2000.0
    plus = torch.full((1, heads, 2, 64), size, dtype=torch.float16)
    tokens = TokenLayout(slice(0, 2), slice(0, 2), slice(2, 4))
    query = torch.zeros(1, heads, 2, 64, dtype=torch.float16)
    value = torch.cat([plus, -plus], 2)
    out = nag_attention(query, torch.zeros_like(value), value, tokens, phi=1.0, tau=2.0, alpha=0.5)
    close(out.float(), torch.full_like(out, 1.5 * size).float(), rtol=1e-3, atol=0.0)


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


# ---- wrong layouts


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (TokenLayout(slice(0, 7), slice(6, 12), slice(12, 16)), "once each"),
        (TokenLayout(slice(0, 7), slice(7, 12), slice(12, 15)), "once each"),
        (TokenLayout(slice(0, 7), slice(8, 12), slice(12, 16)), "once each"),
        (TokenLayout(slice(0, 7, 2), slice(7, 12), slice(12, 16)), "step 2"),
        (
            TokenLayout(slice(0, 7), slice(7, 12), slice(12, 16), negative_mask=torch.ones(2, 3)),
            "negative_mask",
        ),
        (
            TokenLayout(slice(0, 7), slice(7, 12), slice(12, 16), positive_mask=torch.ones(2, 4) > 0),
            r"expected torch.bool \(batch, 5\)",
        ),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(tokens, message):
    qkv = tensors(16)
    with pytest.raises(ValueError, match=message):
        vsf_attention(*qkv, tokens)


def test_joint_attention_needs_as_many_queries_as_keys():
    with pytest.raises(ValueError, match="here 7 and 16"):
        vsf_attention(*tensors(7, 16), TokenLayout(slice(0, 7), slice(7, 12), slice(12, 16)))
