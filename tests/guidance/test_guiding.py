"""How ``guide`` behaves: what it leaves behind, what it refuses, threads, compilation."""

from __future__ import annotations

import threading

import pytest
import torch

from negjudge.errors import NegjudgeError
from negjudge.guidance import CFG, NAG, NASA, VSF, Plain, guide, pipeline_arguments


def is_as_before(pipe):
    touched = [name for name, module in pipe.transformer.named_modules() if "forward" in vars(module)]
    return not touched and type(pipe).__mro__[1].__name__ == "DiffusionPipeline"


# ---- nothing to do


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


# ---- restored


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


# ---- refused


@pytest.mark.parametrize("method", ["vsf", VSF, None])
def test_what_is_no_method_is_refused(pipe, method):
    with pytest.raises(NegjudgeError, match=r"expected settings such as VSF\(scale=1.0\)"):
        guide(pipe, method, "wheels").__enter__()


@pytest.mark.parametrize("arguments", [{"guidance_scale": 4.0}, {"guidance_scale": 1.5}])
def test_the_pipelines_own_guidance_is_refused_naming_the_switch(pipe, pictures, arguments):
    with (
        pytest.raises(NegjudgeError, match=r"guidance_scale=\d.*pass guidance_scale=0"),
        guide(pipe, VSF(), "wheels"),
    ):
        pictures(pipe, **arguments)


def test_the_pipelines_default_guidance_is_refused_too(pipe):
    with pytest.raises(NegjudgeError, match="guidance_scale=7"), guide(pipe, NAG(), "wheels"):
        pipe("a car", num_inference_steps=1)


def test_guidance_that_touched_nothing_raises(pipe, build_pipeline, pictures):
    with pytest.raises(NegjudgeError, match="guidance touched nothing"), guide(pipe, VSF(), "wheels"):
        pass
    other = build_pipeline(seed=1)
    with pytest.raises(NegjudgeError, match="guidance touched nothing"), guide(pipe, VSF(), "wheels"):
        pictures(other)
    with guide(pipe, VSF(), "wheels"):
        pictures(pipe)
        pipe.transformer = other.transformer
        with pytest.raises(NegjudgeError, match="never ran its denoiser"):
            pictures(pipe)


def test_a_block_that_the_denoiser_skips_raises(pipe):
    inputs = {
        "hidden_states": torch.randn(1, 16, 8, 8),
        "encoder_hidden_states": torch.randn(1, 20, 48),
        "pooled_projections": torch.randn(1, 32),
        "timestep": torch.tensor([500.0]),
    }
    with torch.no_grad(), guide(pipe, VSF(), "wheels"):
        assert pipe.transformer(**inputs).sample.isfinite().all()
        with pytest.raises(NegjudgeError, match=r"did not reach transformer_blocks.1.attn"):
            pipe.transformer(**inputs, skip_layers=[1])


@pytest.mark.parametrize("times", [0, 2])
def test_a_module_must_make_exactly_one_attention_call(pipe, pictures, times):
    class JointAttnProcessor2_0:
        def __call__(self, attn, hidden_states, encoder_hidden_states=None, **_):
            for _ in range(times):
                x = torch.cat([hidden_states, encoder_hidden_states], 1)[:, None]
                torch.nn.functional.scaled_dot_product_attention(x, x, x)
            return hidden_states, encoder_hidden_states

    pipe.transformer.transformer_blocks[2].attn.processor = JointAttnProcessor2_0()
    message = rf"transformer_blocks.2.attn made {times} scaled_dot_product_attention calls"
    with pytest.raises(NegjudgeError, match=message), guide(pipe, VSF(), "wheels"):
        pictures(pipe)
    assert is_as_before(pipe)


def test_an_unknown_processor_is_refused_by_name(pipe):
    from diffusers.models.attention_processor import XFormersJointAttnProcessor

    pipe.transformer.transformer_blocks[0].attn.processor = XFormersJointAttnProcessor()
    with (
        pytest.raises(NegjudgeError, match="processor XFormersJointAttnProcessor"),
        guide(pipe, VSF(), "wheels"),
    ):
        pass


def test_an_unsupported_pipeline_is_refused_naming_the_supported_ones():
    from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

    unet = UNet2DModel(
        sample_size=8,
        block_out_channels=(8,),
        norm_num_groups=2,
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
    )
    other = DDPMPipeline(unet, DDPMScheduler())
    for use in (lambda: guide(other, VSF(), "wheels").__enter__(), lambda: pipeline_arguments(other, VSF())):
        with pytest.raises(
            NegjudgeError, match="DDPMPipeline cannot be guided; supported: StableDiffusion3Pip"
        ):
            use()


def test_an_ip_adapter_is_refused(pipe, pictures):
    with pytest.raises(NegjudgeError, match="leave out ip_adapter_image"), guide(pipe, VSF(), "wheels"):
        pictures(pipe, ip_adapter_image_embeds=torch.zeros(1, 1, 4))


def test_gradient_checkpointing_is_refused(pipe, pictures):
    pipe.transformer.enable_gradient_checkpointing()
    inputs = (torch.randn(1, 16, 8, 8), torch.randn(1, 20, 48), torch.randn(1, 32), torch.tensor([500.0]))
    with guide(pipe, VSF(), "wheels"):
        pictures(pipe)
        with pytest.raises(NegjudgeError, match="disable_gradient_checkpointing"):
            pipe.transformer(*inputs)


def test_negatives_must_fit_the_batch(pipe, pictures):
    with (
        pytest.raises(NegjudgeError, match="2 negative prompts do not fit 4 pictures"),
        guide(pipe, VSF(), ["wheels", "hands"]),
    ):
        pictures(pipe, ["a car"] * 4, seeds=(1, 2, 3, 4))


@pytest.mark.parametrize("negative", [[], [None], 3, ["wheels", 1]])
def test_a_negative_must_be_text(pipe, negative):
    with (
        pytest.raises(NegjudgeError, match="expected a text or a list of texts"),
        guide(pipe, VSF(), negative),
    ):
        pass


def test_gradients_flow_through_a_guided_denoiser(pipe):
    latents = torch.randn(1, 16, 8, 8, requires_grad=True)
    with guide(pipe, VSF(offset=0.3), "wheels"):
        out = pipe.transformer(
            latents, torch.randn(1, 20, 48), torch.randn(1, 32), torch.tensor([500.0]), return_dict=False
        )
    out[0].sum().backward()
    assert latents.grad.isfinite().all()
    assert latents.grad.abs().max() > 0


# ---- CFG is the pipeline's own


def test_arguments_for_each_method(pipe):
    assert pipeline_arguments(pipe, VSF(), "wheels") == {"guidance_scale": 0.0}
    assert pipeline_arguments(pipe, Plain(), "wheels") == {"guidance_scale": 0.0}
    cfg = {"guidance_scale": 4.0, "negative_prompt": "wheels"}
    assert pipeline_arguments(pipe, CFG(4), "wheels") == cfg
    assert pipeline_arguments(pipe, CFG(4), ["a", "b"])["negative_prompt"] == ["a", "b"]
    assert pipeline_arguments(pipe, CFG(4))["negative_prompt"] == ""


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


# ---- threads


def in_thread(work):
    """Run in another thread; returns what it returned or raised."""
    result = []

    def run():
        try:
            result.append(work())
        except BaseException as error:
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=60)
    return result[0]


def test_a_guided_pipeline_may_be_called_from_another_thread(pipe, pictures):
    with guide(pipe, VSF(), "wheels"):
        here = pictures(pipe)
        assert torch.equal(in_thread(lambda: pictures(pipe)), here)


def test_two_calls_of_one_pipeline_at_once_are_refused(pipe, pictures):
    others = []

    def during(pipe, step, timestep, tensors):
        others.append(in_thread(lambda: pictures(pipe, "a clock")))
        return tensors

    with guide(pipe, VSF(), "wheels"):
        expected = pictures(pipe)
        disturbed = pictures(pipe, callback_on_step_end=during)
        assert torch.equal(disturbed, expected)
        assert len(others) == 2
        assert all(isinstance(error, NegjudgeError) and "in use already" in str(error) for error in others)
        assert torch.equal(pictures(pipe), expected)


def test_a_second_guide_on_the_same_pipeline_is_refused(pipe, pictures):
    def second():
        with guide(pipe, NAG(), "hands"):
            pass

    with guide(pipe, VSF(), "wheels"):
        expected = pictures(pipe)
        with pytest.raises(NegjudgeError, match="is guided already"):
            second()
        assert "is guided already" in str(in_thread(second))
        assert torch.equal(pictures(pipe), expected)
    assert is_as_before(pipe)


def test_a_pipeline_that_shares_the_denoiser_cannot_be_guided_meanwhile(pipe, pictures):
    shared = type(pipe)(**pipe.components)
    with guide(pipe, VSF(), "wheels"):
        pictures(pipe)
        with pytest.raises(NegjudgeError, match="is guided already"), guide(shared, VSF(), "hands"):
            pass


def test_two_pipelines_in_two_threads_are_independent(build_pipeline, pictures):
    pipes = [build_pipeline(seed=seed) for seed in (1, 2)]
    work = list(zip(pipes, [VSF(offset=0.3), NAG()], ["wheels", "big hands"], strict=True))

    def guided(pipe, method, negative, meet=lambda *_: None):
        def step(pipe, i, timestep, tensors):
            meet()
            return tensors

        with guide(pipe, method, negative):
            return pictures(pipe, steps=6, callback_on_step_end=step)

    alone = [guided(*one) for one in work]
    barrier = threading.Barrier(2, timeout=30)
    together: list = [None, None]

    def run(i):
        together[i] = guided(*work[i], barrier.wait)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for a, b in zip(alone, together, strict=True):
        assert torch.equal(a, b)


# ---- cost


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
