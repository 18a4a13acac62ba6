"""How guidance gets on with threads, compilation, offload, LoRA and attention backends, for every family."""

from __future__ import annotations

import threading

import accelerate
import pytest
import torch
from cases import CASES, NEGATIVE, first_forward, output_of, run
from diffusers import FirstBlockCacheConfig, PyramidAttentionBroadcastConfig, TaylorSeerCacheConfig
from diffusers.models.attention_dispatch import AttentionBackendName, attention_backend
from peft import LoraConfig
from tiny import wan

from negjudge.errors import NegjudgeError
from negjudge.guidance import NAG, VSF, guide
from negjudge.guidance.families import family_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# One of each architecture: its variants differ in weights and shapes alone.
KINDS = ["sd3.5", "flux", "flux2-klein", "qwen-image", "z-image", "wan2.2", "sdxl"]


@pytest.fixture(params=KINDS)
def case(request):
    return CASES[request.param]


def denoisers(pipe):
    return family_of(pipe).denoisers(pipe)


# ---- threads


def test_a_pipeline_may_be_called_from_another_thread(case):
    pipe = case.build()
    with guide(pipe, VSF(), NEGATIVE):
        expected, found = run(pipe, case), []
        thread = threading.Thread(target=lambda: found.append(run(pipe, case)))
        thread.start()
        thread.join()
    assert torch.equal(found[0], expected)


def test_two_pipelines_in_two_threads_are_independent(case):
    pipes = [case.build(), case.build()]
    negatives = ["big wheels", "hands"]
    expected = []
    for pipe, negative in zip(pipes, negatives, strict=True):
        with guide(pipe, VSF(), negative):
            expected.append(run(pipe, case))
    found, barrier = {}, threading.Barrier(2)

    def work(number):
        with guide(pipes[number], VSF(), negatives[number]):
            barrier.wait()
            found[number] = run(pipes[number], case)

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])


# ---- torch.compile


@pytest.fixture
def graphs():
    """How many graphs dynamo has made since the last call."""
    torch._dynamo.reset()
    seen = torch._dynamo.utils.counters["stats"]

    def count():
        made = seen["unique_graphs"]
        seen["unique_graphs"] = 0
        return made

    count()
    yield count
    torch._dynamo.reset()


def compiled(case):
    pipe = case.build()
    for denoiser in denoisers(pipe):
        denoiser.compile(backend="eager")
    return pipe


def test_a_compiled_denoiser_is_not_compiled_again_at_each_step(case, graphs):
    eager, pipe = case.build(), compiled(case)
    run(pipe, case)
    plain = graphs()
    for method in (VSF(offset=0.1), VSF(schedule="linear"), NAG()):
        with guide(eager, method, NEGATIVE):
            expected = run(eager, case, num_inference_steps=4)
        with guide(pipe, method, NEGATIVE):
            actual = run(pipe, case, num_inference_steps=4)
            guided = graphs()
            run(pipe, case, num_inference_steps=7)
            assert graphs() == 0, method
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=2e-3)
        assert 0 < guided <= plain * 2, method


def test_ten_lengths_of_the_negative_are_few_graphs(case, graphs):
    negatives = [" ".join(["big"] * count + ["wheels"]) for count in range(10)]
    eager, pipe = case.build(), compiled(case)
    run(pipe, case)
    plain = graphs()
    for negative in negatives:
        with guide(eager, VSF(scale=2.0), negative):
            expected = run(eager, case)
        with guide(pipe, VSF(scale=2.0), negative):
            torch.testing.assert_close(run(pipe, case), expected, rtol=1e-4, atol=2e-3)
    assert 0 < graphs() <= 3 * plain


# ---- offload


@pytest.mark.parametrize("how", ["model", "sequential"])
def test_offloaded_denoisers(case, how):
    pipe = case.build()
    with guide(pipe, VSF(), NEGATIVE):
        expected = run(pipe, case)
    for denoiser in denoisers(pipe):
        if how == "model":
            accelerate.cpu_offload_with_hook(denoiser, torch.device("cpu"))
        else:
            accelerate.cpu_offload(denoiser, torch.device("cpu"))
    before = [module.forward for denoiser in denoisers(pipe) for module in denoiser.modules()]
    with guide(pipe, VSF(), NEGATIVE):
        assert torch.equal(run(pipe, case), expected)
    after = [module.forward for denoiser in denoisers(pipe) for module in denoiser.modules()]
    assert after == before


# ---- weights in other forms


def test_a_loaded_lora_and_the_same_one_fused(case):
    pipe = case.build()
    with guide(pipe, VSF(), NEGATIVE):
        without = run(pipe, case)
    for denoiser in denoisers(pipe):
        denoiser.add_adapter(
            LoraConfig(r=2, target_modules=["to_q", "to_k", "to_v"], init_lora_weights=False)
        )
    with guide(pipe, VSF(), NEGATIVE):
        loaded = run(pipe, case)
    for denoiser in denoisers(pipe):
        denoiser.fuse_lora()
    with guide(pipe, VSF(), NEGATIVE):
        fused = run(pipe, case)
    assert (loaded - without).abs().max() > 1e-3
    torch.testing.assert_close(fused, loaded, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("kind", ["sd3", "flux", "flux2-klein", "wan2.1", "sdxl"])
def test_fused_projections(kind):
    case = CASES[kind]
    pipe = case.build()
    with guide(pipe, VSF(), NEGATIVE):
        expected = run(pipe, case)
    for denoiser in denoisers(pipe):
        denoiser.fuse_qkv_projections()
    assert any("to_qkv" in name or "to_kv" in name for name, _ in denoisers(pipe)[0].named_modules())
    with guide(pipe, VSF(), NEGATIVE):
        torch.testing.assert_close(run(pipe, case), expected, rtol=1e-3, atol=2e-3)


# ---- attention backends


@pytest.mark.parametrize("kind", ["flux", "flux2-klein", "qwen-image", "z-image", "wan2.1"])
def test_attention_backends_work_or_are_refused_by_name(kind):
    case = CASES[kind]
    pipe = case.build()
    with guide(pipe, VSF(), NEGATIVE):
        expected = run(pipe, case)
    for denoiser in denoisers(pipe):
        denoiser.set_attention_backend("_native_math")
    with guide(pipe, VSF(), NEGATIVE):
        torch.testing.assert_close(run(pipe, case), expected, rtol=1e-3, atol=2e-3)
    for denoiser in denoisers(pipe):
        for module in family_of(pipe).attention_modules(denoiser).values():
            module.processor._attention_backend = AttentionBackendName.FLEX
    with (
        pytest.raises(NegjudgeError, match=r"backend flex.*set_attention_backend\(\"native\"\)"),
        guide(pipe, VSF(), NEGATIVE),
    ):
        pass


def test_a_backend_that_was_set_for_all_models_is_refused_too():
    pipe = CASES["flux"].build()
    with attention_backend("flex"):
        refused = pytest.raises(NegjudgeError, match=r"all models have the attention backend flex")
        with refused, guide(pipe, VSF(), NEGATIVE):
            pass
    with guide(pipe, VSF(), NEGATIVE):
        expected = run(pipe, CASES["flux"])
        with attention_backend("flex"), pytest.raises(NegjudgeError, match=r"all models .* flex"):
            run(pipe, CASES["flux"])
        torch.testing.assert_close(run(pipe, CASES["flux"]), expected, rtol=0, atol=0)


# ---- caches, several devices


@pytest.mark.parametrize(
    "config",
    [
        FirstBlockCacheConfig(threshold=0.2),
        PyramidAttentionBroadcastConfig(2, current_timestep_callback=lambda: 500),
        TaylorSeerCacheConfig(),
    ],
    ids=lambda config: type(config).__name__,
)
def test_a_denoiser_that_caches_is_refused_at_the_door(config):
    case = CASES["flux"]
    pipe = case.build()
    message = rf"caches its blocks \({type(config).__name__}\).*disable_cache\(\)"
    pipe.transformer.enable_cache(config)
    with pytest.raises(NegjudgeError, match=message), guide(pipe, VSF(), NEGATIVE):
        pass
    pipe.transformer.disable_cache()
    with guide(pipe, VSF(), NEGATIVE):
        run(pipe, case)
        pipe.transformer.enable_cache(config)
        with pytest.raises(NegjudgeError, match=message):
            run(pipe, case)


def test_a_denoiser_on_several_devices_is_refused():
    pipe = CASES["flux"].build()
    pipe.transformer._parallel_config = object()
    with pytest.raises(NegjudgeError, match="spread over several devices"), guide(pipe, VSF(), NEGATIVE):
        pass


# ---- refused by name


def test_what_is_not_supported_is_refused_naming_what_is():
    image_to_video = wan.build_i2v()
    with (
        pytest.raises(NegjudgeError, match=r"WanImageToVideoPipeline cannot be guided; .*FluxPipeline.*WanP"),
        guide(image_to_video, VSF(), NEGATIVE),
    ):
        pass
    pipe = CASES["wan2.1"].build()
    pipe.register_modules(transformer=image_to_video.transformer)
    with pytest.raises(NegjudgeError, match="text-to-video"), guide(pipe, VSF(), NEGATIVE):
        pass


def test_another_processor_is_refused_by_name(case):
    pipe = case.build()
    name, module = next(iter(family_of(pipe).attention_modules(denoisers(pipe)[0]).items()))

    class MyProcessor:
        def __call__(self, *_, **__):
            raise AssertionError

    module.set_processor(MyProcessor())
    with (
        pytest.raises(NegjudgeError, match=f"{name} has the processor MyProcessor"),
        guide(pipe, VSF(), "wheels"),
    ):
        pass


def test_a_denoiser_called_with_gradients_is_guided(case):
    pipe = case.build()
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            part.double()
    denoiser, arguments = first_forward(pipe, case)
    with guide(pipe, VSF(offset=0.2), NEGATIVE):
        output_of(denoiser, arguments).square().mean().backward()
    gradients = [parameter.grad for parameter in denoiser.parameters() if parameter.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)
