"""Whole tiny SD3 pipelines against a slow reference that shares no code with them, in float64."""

from __future__ import annotations

import pytest
import torch
from slow_sd3 import double, positive, reference, slowly

from negjudge.guidance import NAG, NASA, VSF, guide

# The denoiser in float64. Only its sinusoidal embedding of the timestep is float32, the same on both sides.
EXACT = {"rtol": 0.0, "atol": 1e-12}
# Whole pipelines: the scheduler rounds the latents to float32 after each step, which hides smaller errors.
TOLERANCE = {"rtol": 0.0, "atol": 1e-5}


@pytest.fixture(scope="module", params=["sd3", "sd3-t5", "sd3.5-t5"])
def exact(request, build_pipeline):
    return double(build_pipeline(t5="t5" in request.param, sd35="3.5" in request.param))


METHODS = [
    VSF(),
    VSF(scale=3.3, offset=0.2),
    VSF(scale=3.3, offset=0.2, leak=True),
    VSF(padding="full"),
    NAG(phi=3.0, tau=1.5, alpha=0.5),
    NAG(padding="none"),
    NASA(scale=0.3),
]


@pytest.mark.parametrize("method", METHODS, ids=repr)
@torch.no_grad()
def test_the_denoiser_equals_the_slow_reference_in_float64(exact, method):
    text, pooled = positive(exact, "a red bicycle")
    latents = torch.randn(1, 16, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    inputs = {"hidden_states": latents, "pooled_projections": pooled, "timestep": torch.tensor([700.0])}
    plain = exact.transformer(**inputs, encoder_hidden_states=text).sample
    with slowly(exact, method, text, "big wheels") as tokens:
        expected = exact.transformer(**inputs, encoder_hidden_states=tokens).sample
    with guide(exact, method, "big wheels"):
        actual = exact.transformer(**inputs, encoder_hidden_states=text).sample
    assert actual.dtype == torch.float64
    assert (actual - plain).abs().max() > 1e-3
    torch.testing.assert_close(actual, expected, **EXACT)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_a_whole_pipeline_equals_the_slow_reference(exact, pictures, method):
    plain = pictures(exact)
    expected = reference(exact, pictures, method, "a red bicycle", "big wheels")
    with guide(exact, method, "big wheels"):
        actual = pictures(exact)
    assert (expected - plain).abs().max() > 1e-3
    torch.testing.assert_close(actual, expected, **TOLERANCE)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_a_batch_of_negatives_of_different_length_equals_one_by_one(exact, pictures, method):
    prompts = ["a red bicycle", "the clock", "a car"]
    negatives = ["big blue wheels with a tail", "hands", "window tail"]
    with guide(exact, method, negatives):
        together = pictures(exact, prompts, seeds=(5, 6, 7))
    for row, (prompt, negative) in enumerate(zip(prompts, negatives, strict=True)):
        alone = reference(exact, pictures, method, prompt, negative, seeds=(5 + row,))
        torch.testing.assert_close(together[row : row + 1], alone, **TOLERANCE)


def test_permuting_the_batch_permutes_the_pictures(exact, pictures):
    prompts, negatives = ["a red bicycle", "the clock"], ["wheels", "the big hands"]
    with guide(exact, VSF(offset=0.3), negatives):
        once = pictures(exact, prompts, seeds=(1, 2))
    with guide(exact, VSF(offset=0.3), negatives[::-1]):
        twice = pictures(exact, prompts[::-1], seeds=(2, 1))
    torch.testing.assert_close(once.flip(0), twice, **TOLERANCE)


def test_a_large_offset_is_the_plain_pipeline(exact, pictures):
    plain = pictures(exact)
    with guide(exact, VSF(scale=5.0, offset=80.0), "big wheels"):
        guided = pictures(exact)
    torch.testing.assert_close(guided, plain, **TOLERANCE)


def test_an_empty_negative_in_a_list_leaves_its_picture_unguided(exact, pictures):
    prompts = ["a red bicycle", "the clock"]
    plain = pictures(exact, prompts, seeds=(1, 2))
    for method in (VSF(), VSF(leak=True), NAG(), NASA()):
        with guide(exact, method, ["", "the big hands"]):
            guided = pictures(exact, prompts, seeds=(1, 2))
        torch.testing.assert_close(guided[0], plain[0], **TOLERANCE)
        assert (guided[1] - plain[1]).abs().max() > 1e-3


def test_negatives_go_by_prompt_or_by_picture(exact, pictures):
    prompts, seeds = ["a red bicycle", "the clock"], (1, 2, 3, 4)
    with guide(exact, VSF(), ["wheels", "big hands"]):
        by_prompt = pictures(exact, prompts, seeds=seeds, num_images_per_prompt=2)
    with guide(exact, VSF(), ["wheels", "wheels", "big hands", "big hands"]):
        by_picture = pictures(exact, prompts, seeds=seeds, num_images_per_prompt=2)
    assert torch.equal(by_prompt, by_picture)
    with guide(exact, VSF(), "big hands"):
        alone = pictures(exact, "the clock", seeds=(4,))
    torch.testing.assert_close(by_prompt[3:], alone, **TOLERANCE)


def test_fused_projections(build_pipeline, pictures):
    pipe = double(build_pipeline(t5=True))
    with guide(pipe, VSF(offset=0.1), "wheels"):
        expected = pictures(pipe)
    pipe.transformer.fuse_qkv_projections()
    with guide(pipe, VSF(offset=0.1), "wheels"):
        torch.testing.assert_close(pictures(pipe), expected, **TOLERANCE)


def test_a_negative_longer_than_the_encoders_take_is_cut(exact, pictures, caplog):
    long = " ".join(["wheels tail"] * 10)
    with guide(exact, VSF(), long):
        cut = pictures(exact)
    assert cut.isfinite().all()
    assert "truncated" in caplog.text


@pytest.mark.parametrize("kind", ["StableDiffusion3Img2ImgPipeline", "StableDiffusion3InpaintPipeline"])
def test_the_other_pipelines_of_the_family(build_pipeline, pictures, kind):
    pipe = build_pipeline(kind)
    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    arguments = {"image": image, "strength": 1.0, "height": 16, "width": 16}
    if "Inpaint" in kind:
        arguments["mask_image"] = torch.ones(1, 1, 16, 16)
    plain = pictures(pipe, **arguments)
    with guide(pipe, VSF(offset=80.0), "wheels"):
        torch.testing.assert_close(pictures(pipe, **arguments), plain, rtol=0, atol=1e-4)
    with guide(pipe, VSF(), "wheels"):
        assert (pictures(pipe, **arguments) - plain).abs().max() > 1e-3


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_pipelines(build_pipeline, pictures, dtype):
    pipe = build_pipeline().to(dtype=dtype)
    for method in (VSF(offset=0.2), NAG(), NASA()):
        with guide(pipe, method, ["wheels", "the big hands"]):
            latents = pictures(pipe, ["a car", "a clock"], seeds=(1, 2))
        assert latents.dtype == dtype
        assert latents.isfinite().all()
