"""How ``guide`` behaves: what it changes, what it leaves behind, what it costs."""

from __future__ import annotations

import pytest
import torch
from guided import is_as_before

from negjudge.errors import NegjudgeError
from negjudge.guidance import CFG, NAG, NASA, VSF, Plain, guide, pipeline_arguments


@pytest.mark.parametrize(
    ("method", "negative"),
    [(Plain(), "wheels"), (VSF(), ""), (VSF(), None), (NAG(), [""]), (NASA(), ["", " "]), (VSF(), "  ")],
)
def test_without_guidance_the_picture_is_the_same_bit_for_bit(pipe, pictures, method, negative):
    prompts = ["a red bicycle", "the clock"]
    plain = pictures(pipe, prompts, seeds=(1, 2))
    with guide(pipe, method, negative):
        assert is_as_before(pipe)
        assert torch.equal(pictures(pipe, prompts, seeds=(1, 2)), plain)


def test_plain_leaves_even_the_pipelines_own_guidance_alone(pipe, pictures):
    own = pictures(pipe, guidance_scale=3.0, negative_prompt="wheels")
    with guide(pipe, Plain(), "hands"):
        assert torch.equal(pictures(pipe, guidance_scale=3.0, negative_prompt="wheels"), own)


def test_guidance_gives_the_same_picture_each_time_and_moves_it(pipe, pictures):
    plain = pictures(pipe)
    for method in (VSF(), NAG(), NASA()):
        with guide(pipe, method, "wheels") as same:
            assert same is pipe
            once, twice = pictures(pipe), pictures(pipe)
        assert torch.equal(once, twice)
        assert (once - plain).abs().max() > 1e-3


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("where", ["in a step", "in the block"])
def test_an_exception_leaves_nothing_behind(pipe, pictures, error, where):
    plain = pictures(pipe)

    def stop(*_):
        raise error("stop")

    def interrupted():
        with guide(pipe, VSF(), "wheels"):
            assert not is_as_before(pipe)
            pictures(pipe)
            if where == "in a step":
                block = pipe.transformer.transformer_blocks[1]
                handles.append(block.attn.to_q.register_forward_hook(stop))
                pictures(pipe)
            stop()

    handles = []
    with pytest.raises(error, match="stop"):
        interrupted()
    for handle in handles:
        handle.remove()
    assert is_as_before(pipe)
    assert torch.equal(pictures(pipe), plain)
    assert not torch.overrides._get_current_function_mode_stack()


def test_a_step_that_failed_does_not_spoil_the_next(pipe, pictures):
    with guide(pipe, VSF(), "wheels"):
        expected = pictures(pipe)
        with pytest.raises(ValueError, match="`prompt` has to be"):
            pictures(pipe, 3.5)
        with pytest.raises(RuntimeError):
            pictures(pipe, latents=torch.zeros(1, 3, 8, 8))
        assert torch.equal(pictures(pipe), expected)


def test_who_replaces_a_forward_inside_the_block_keeps_it(pipe, pictures):
    plain = pictures(pipe)
    calls = []
    with guide(pipe, VSF(), "wheels"):
        inner = pipe.transformer.forward

        def outer(*args, **kwargs):
            calls.append(1)
            return inner(*args, **kwargs)

        pipe.transformer.forward = outer
        guided = pictures(pipe)
    assert pipe.transformer.forward is outer
    assert torch.equal(pictures(pipe), plain)
    assert (guided - plain).abs().max() > 1e-3
    assert len(calls) == 4


def test_gradients_flow_through_a_guided_denoiser(pipe):
    latents = torch.randn(1, 16, 8, 8, requires_grad=True)
    with guide(pipe, VSF(offset=0.3), "wheels"):
        out = pipe.transformer(
            latents, torch.randn(1, 20, 48), torch.randn(1, 32), torch.tensor([500.0]), return_dict=False
        )
    out[0].sum().backward()
    assert latents.grad.isfinite().all()
    assert latents.grad.abs().max() > 0


def test_arguments_for_each_method(pipe):
    assert pipeline_arguments(pipe, VSF(), "wheels") == {"guidance_scale": 0.0}
    assert pipeline_arguments(pipe, Plain(), "wheels") == {"guidance_scale": 0.0}
    cfg = {"guidance_scale": 4.0, "negative_prompt": "wheels"}
    assert pipeline_arguments(pipe, CFG(4), "wheels") == cfg
    assert pipeline_arguments(pipe, CFG(4), ["a", "b"])["negative_prompt"] == ["a", "b"]
    assert pipeline_arguments(pipe, CFG(4))["negative_prompt"] == ""
    assert pipeline_arguments(pipe, CFG(4), r"f\:1.8")["negative_prompt"] == "f:1.8"
    for weighted in ("wheels:1.5", ["a", "(b:2)"]):
        with pytest.raises(NegjudgeError, match="has weights, which CFG does not know"):
            pipeline_arguments(pipe, CFG(4), weighted)


def test_cfg_runs_as_the_pipeline_does_it_and_only_when_asked_for(pipe, pictures):
    method = CFG(scale=4.0)
    own = pictures(pipe, guidance_scale=4.0, negative_prompt="wheels")
    with guide(pipe, method, "wheels"):
        guided = pictures(pipe, **pipeline_arguments(pipe, method, "wheels"))
        assert torch.equal(guided, own)
        with pytest.raises(NegjudgeError, match=r"guidance_scale=4.0.*pass \*\*pipeline_arguments"):
            pictures(pipe)
        with pytest.raises(NegjudgeError, match="negative_prompt='wheels'"):
            pictures(pipe, guidance_scale=4.0)
    assert is_as_before(pipe)


def test_each_negative_is_encoded_once_a_call(pipe, pictures, monkeypatch):
    asked = []
    encode = pipe.encode_prompt
    monkeypatch.setitem(vars(pipe), "encode_prompt", lambda **kw: asked.append(kw["prompt"]) or encode(**kw))
    with guide(pipe, VSF(), ["wheels", "hands", "wheels"]):
        pictures(pipe, ["a", "b", "c"], seeds=(1, 2, 3), steps=4)
        assert asked == [["a", "b", "c"], "hands", "wheels"]
        # The next call encodes again: encoders, LoRA or device may have changed in between.
        pictures(pipe, ["a", "b", "c"], seeds=(1, 2, 3))
        assert asked[3:] == asked[:3]


@pytest.mark.parametrize("how", ["torch.compile", "module.compile", "blocks"])
def test_compiled_without_a_graph_break_and_once_for_all_steps(pipe, pictures, how):
    from torch._dynamo.testing import CompileCounterWithBackend

    torch._dynamo.reset()
    plain = pictures(pipe)
    with guide(pipe, VSF(offset=0.1), "wheels"):
        eager = pictures(pipe)
    counter = CompileCounterWithBackend("aot_eager")
    if how == "torch.compile":
        pipe.transformer = torch.compile(pipe.transformer, backend=counter, fullgraph=True)
    elif how == "module.compile":
        pipe.transformer.compile(backend=counter, fullgraph=True)
    else:
        for block in pipe.transformer.transformer_blocks:
            block.compile(backend=counter, fullgraph=True)
    assert torch.equal(pictures(pipe), plain)
    before = counter.frame_count
    for _ in range(2):
        with guide(pipe, VSF(offset=0.1), "wheels"):
            torch.testing.assert_close(pictures(pipe, steps=2), eager, rtol=0, atol=1e-5)
    # First, middle and last blocks differ in what they are given.
    assert counter.frame_count - before == (3 if how == "blocks" else 1)
    assert torch.equal(pictures(pipe), plain)
    assert counter.frame_count - before == (3 if how == "blocks" else 1)
