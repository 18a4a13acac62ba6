"""The logits of a few words: those of the head, finer where it is coarse, and never without a LoRA on it."""

import pytest
import torch
from peft import LoraConfig, get_peft_model

from negjudge.judge.head import has_rows, token_logits

TOKENS = torch.tensor([3, 0, 7])


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_they_are_the_heads(bias, dtype):
    torch.manual_seed(0)
    head, hidden = torch.nn.Linear(16, 9, bias=bias, dtype=dtype), torch.randn(2, 5, 16, dtype=dtype)
    found = token_logits(head, hidden, TOKENS)
    assert found.dtype == dtype
    torch.testing.assert_close(found, head(hidden)[..., TOKENS])


def test_they_are_float32_where_the_head_is_coarse():
    """Under autocast too, in which a product of float32 would be one of bfloat16."""
    torch.manual_seed(0)
    head, hidden = torch.nn.Linear(64, 9, dtype=torch.bfloat16), 4 * torch.randn(8, 64).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = token_logits(head, hidden, TOKENS)
    exact = head.double()(hidden.double())[:, TOKENS]
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), exact, atol=1e-4, rtol=0)
    assert (head.bfloat16()(hidden)[:, TOKENS] - exact).abs().max() > 5e-3


def test_a_lora_on_the_head_takes_part():
    torch.manual_seed(0)
    model = torch.nn.ModuleDict({"head": torch.nn.Linear(16, 9)})
    lora = LoraConfig(r=2, target_modules=["head"], init_lora_weights=False)
    head, hidden = get_peft_model(model, lora).base_model.model["head"], torch.randn(3, 16)
    assert not has_rows(head)
    torch.testing.assert_close(token_logits(head, hidden, TOKENS), head(hidden)[:, TOKENS])
    assert (token_logits(head, hidden, TOKENS) - head.base_layer(hidden)[:, TOKENS]).abs().max() > 1e-3
