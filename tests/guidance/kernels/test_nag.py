"""NAG against a dense mask and plain loops in float64."""

from __future__ import annotations

import pytest
import torch
from dense import ORDERS, close, cross_branches, joint, layout, reference_branches, reference_nag_rows

from negjudge.guidance import TokenLayout, nag_attention


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


def test_tau_bounds_the_norm_and_only_from_above():
    qkv, groups = joint()
    plus, minus = reference_branches(*qkv, groups)
    rows = groups["I"]
    guided = nag_attention(*qkv, layout(groups), phi=50.0, tau=1.5, alpha=1.0)[:, :, rows]
    ratio = guided.abs().sum((1, 3)) / plus[:, :, rows].abs().sum((1, 3))
    close(ratio, torch.full_like(ratio, 1.5))
    loose = nag_attention(*qkv, layout(groups), phi=2.0, tau=1e6, alpha=1.0)[:, :, rows]
    close(loose, (3 * plus - 2 * minus)[:, :, rows])


def test_nag_in_cross_attention():
    qkv, tokens, plus, minus = cross_branches()
    expected = reference_nag_rows(plus, minus, 4.0, 2.0, 0.5, 1)
    close(nag_attention(*qkv, tokens, phi=4.0, tau=2.0, alpha=0.5), expected)


def test_nag_norms_do_not_overflow_in_half_precision():
    heads, size = 16, 2000.0
    plus = torch.full((1, heads, 2, 64), size, dtype=torch.float16)
    tokens = TokenLayout(slice(0, 2), slice(0, 2), slice(2, 4))
    query = torch.zeros(1, heads, 2, 64, dtype=torch.float16)
    value = torch.cat([plus, -plus], 2)
    out = nag_attention(query, torch.zeros_like(value), value, tokens, phi=1.0, tau=2.0, alpha=0.5)
    close(out.float(), torch.full_like(out, 1.5 * size).float(), rtol=1e-3, atol=0.0)


def test_nag_is_finite_in_half_precision_where_the_true_result_is():
    torch.manual_seed(0)
    query, key = (torch.randn(1, 4, 6, 16) for _ in range(2))
    value = torch.randn(1, 4, 6, 16).sign() * 14_000 * torch.rand(1, 4, 6, 16)
    value[:, :, 4:] = -value[:, :, :2]
    tokens = TokenLayout(slice(0, 2), slice(2, 4), slice(4, 6))
    settings = {"phi": 10.0, "tau": 2.5, "alpha": 0.5}
    wanted = nag_attention(*(x.half().double() for x in (query, key, value)), tokens, **settings)
    found = nag_attention(*(x.half() for x in (query, key, value)), tokens, **settings)
    assert wanted.abs().max() < 65_000 < (11 * value.abs()).max()
    close(found.double(), wanted, rtol=0.02, atol=100.0)
