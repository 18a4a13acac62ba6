"""NASA against a dense mask in float64."""

from __future__ import annotations

import pytest
from dense import ORDERS, close, cross_branches, joint, layout, reference_branches

from negjudge.guidance import nasa_attention


@pytest.mark.parametrize("order", ORDERS)
def test_nasa_equals_the_dense_mask(order):
    qkv, groups = joint(order)
    plus, minus = reference_branches(*qkv, groups)
    expected = plus - 0.3 * minus
    expected[:, :, groups["P"]] = plus[:, :, groups["P"]]
    expected[:, :, groups["N"]] = minus[:, :, groups["N"]]
    close(nasa_attention(*qkv, layout(groups), scale=0.3), expected)


def test_nasa_in_cross_attention():
    qkv, tokens, plus, minus = cross_branches()
    close(nasa_attention(*qkv, tokens, scale=0.25), plus - 0.25 * minus)
