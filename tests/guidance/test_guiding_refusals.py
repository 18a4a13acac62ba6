"""What ``guide`` refuses, in words that name the way out."""

from __future__ import annotations

import pytest
import torch
from diffusers import EDMEulerScheduler, FlowMatchEulerDiscreteScheduler
from guided import is_as_before

from negjudge.errors import NegjudgeError
from negjudge.guidance import NAG, VSF, guide, pipeline_arguments


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


def test_who_took_the_place_of_torchs_attention_is_named(pipe, pictures, monkeypatch):
    def fast_attention(query, key, value, **_):
        return value

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", fast_attention)
    with (
        pytest.raises(NegjudgeError, match=r"made 0 .*fast_attention stands in the place of torch's own"),
        guide(pipe, VSF(), "wheels"),
    ):
        pictures(pipe)


def test_a_subclass_that_passes_its_arguments_on_hides_no_switch(pipe, pictures):
    class Mine(type(pipe)):
        def __call__(self, prompt, **arguments):
            return super().__call__(prompt, **arguments)

    mine = Mine(**pipe.components)
    with guide(mine, VSF(), "wheels"):
        guided = pictures(mine)
        with pytest.raises(NegjudgeError, match=r"guidance_scale=4"):
            pictures(mine, guidance_scale=4.0)
        with pytest.raises(NegjudgeError, match=r"guidance_scale=7"):  # the base's default
            mine("a car", num_inference_steps=1)
    with guide(pipe, VSF(), "wheels"):
        assert torch.equal(pictures(pipe), guided)


@pytest.mark.parametrize(
    "scheduler",
    [EDMEulerScheduler(), FlowMatchEulerDiscreteScheduler(10)],
    ids=lambda one: type(one).__name__,
)
def test_a_schedule_by_other_timesteps_is_refused(pipe, scheduler):
    pipe.scheduler = scheduler
    name = type(scheduler).__name__
    for method in (VSF(stop=0.5), NAG(start=0.1), VSF(schedule="linear")):
        with (
            pytest.raises(NegjudgeError, match=f"from 1000 to 0, and {name}'s"),
            guide(pipe, method, "wheels"),
        ):
            pass
    with pytest.raises(NegjudgeError, match="made no step"), guide(pipe, VSF(), "wheels"):
        pass  # without a schedule the scheduler may be any


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
