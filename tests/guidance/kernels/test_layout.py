"""Layouts that do not fit a call are refused."""

from __future__ import annotations

import pytest
import torch
from dense import tensors

from negjudge.guidance import TokenLayout, vsf_attention


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
