"""The tiny pipelines that other tests build on run, repeat themselves and listen to their prompts."""

from __future__ import annotations

import functools
import importlib

import pytest
import torch

CASES = {
    "sd3": ("sd3", {}),
    "sd3-without-t5": ("sd3", {"t5": False}),
    "sd3.5": ("sd3", {"sd35": True}),
    "flux": ("flux", {}),
    "flux-embedded-guidance": ("flux", {"guidance_embeds": True}),
    "flux2-klein": ("flux2", {"klein": True}),
    "flux2": ("flux2", {"klein": False}),
    "qwen-image": ("qwenimage", {}),
    "z-image": ("zimage", {}),
    "wan2.1": ("wan", {"two": False}),
    "wan2.2": ("wan", {"two": True}),
    "sdxl": ("unet", {"xl": True}),
    "sd": ("unet", {"xl": False}),
}
SHORT, LONG = "a red bicycle", "a red bicycle without big wheels"
# The layers and the text length of FLUX.2 dev leave the least room for a prompt: 0.02.
MOVES = 0.01


def module_of(name):
    return importlib.import_module(f"tiny.{CASES[name][0]}")


def build(name, **more):
    return module_of(name).build(**CASES[name][1], **more)


def run(name, pipe, prompt, seeds=(0,), **more):
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    generator = generators if len(generators) > 1 else generators[0]
    output = pipe(prompt=prompt, generator=generator, **{**module_of(name).call_arguments(), **more})
    return output.images if hasattr(output, "images") else output.frames


@functools.cache
def built(name):
    return build(name)


@pytest.fixture(params=list(CASES))
def name(request):
    return request.param


def test_a_seed_gives_one_picture(name):
    picture = run(name, built(name), SHORT)
    assert picture.isfinite().all()
    assert torch.equal(picture, run(name, build(name), SHORT))
    assert not torch.equal(picture, run(name, build(name, seed=1), SHORT))


def test_building_leaves_the_random_state_alone(name):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    build(name)
    assert torch.equal(expected, torch.rand(3))


def test_the_prompt_moves_the_picture(name):
    picture = run(name, built(name), SHORT)
    for other in (LONG, "wheels"):
        assert (run(name, built(name), other) - picture).std() > MOVES * picture.std()


def test_prompts_of_different_lengths_share_a_batch(name):
    both = run(name, built(name), [SHORT, LONG], seeds=(0, 1))
    for row, (prompt, seed) in enumerate([(SHORT, 0), (LONG, 1)]):
        alone = run(name, built(name), prompt, seeds=(seed,))
        torch.testing.assert_close(both[row : row + 1], alone, rtol=0, atol=1e-4 * float(alone.std()))


# How far the picture of the same noise may be from that in float32, in its standard deviations; two pictures
# that have nothing in common are 1.4 apart. Qwen-Image's decoder of texts loses the most to bfloat16: 0.57.
PRECISIONS = {torch.float64: 1e-3, torch.float16: 0.25, torch.bfloat16: 0.75}


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_the_same_noise_gives_the_same_picture_in_every_precision(name, dtype):
    noise = noise_for(name, built(name))
    picture = run(name, build(name, dtype=dtype), SHORT, latents=noise.to(dtype))
    expected = run(name, built(name), SHORT, latents=noise)
    assert picture.isfinite().all()
    assert (picture.float() - expected).std() < PRECISIONS[dtype] * expected.std()


def test_the_same_noise_gives_the_same_pixels_in_float64(name):
    noise = noise_for(name, built(name))
    picture = run(name, build(name, dtype=torch.float64), SHORT, latents=noise.double())
    expected = run(name, built(name), SHORT, latents=noise)
    torch.testing.assert_close(picture.float(), expected, rtol=0, atol=1e-3 * float(expected.std()))


def noise_for(name, pipe):
    """What a pipeline takes as ``latents``; FLUX.2 packs them itself."""
    shape = list(run(name, pipe, SHORT).shape)
    if CASES[name][0] == "flux2":
        shape = [1, pipe.transformer.config.in_channels, 8, 8]
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_words_are_tokens():
    texts = importlib.import_module("tiny.texts")
    processor = texts.mistral_processor()
    for tokenizer in (
        texts.clip_tokenizer(),
        texts.t5_tokenizer(),
        texts.qwen_tokenizer(),
        processor.tokenizer,
    ):
        for prompt in (SHORT, LONG, "wheels", "big tail"):
            assert tokenizer.tokenize(prompt) == prompt.split()
            assert tokenizer.unk_token_id not in tokenizer(prompt).input_ids


def test_the_head_of_qwen_images_template_is_as_long_as_the_true_one():
    pipe = built("qwen-image")
    head = pipe.prompt_template_encode.split("{}")[0]
    ids = pipe.tokenizer(head).input_ids
    assert len(ids) == pipe.prompt_template_encode_start_idx == 34
    assert pipe.tokenizer.unk_token_id not in ids


def test_both_denoisers_of_wan22_matter():
    pipe = built("wan2.2")
    assert not torch.allclose(run("wan2.2", pipe, SHORT), run("wan2.1", built("wan2.1"), SHORT), atol=0.1)


def test_wan_from_a_first_frame():
    from diffusers import WanPipeline

    wan = importlib.import_module("tiny.wan")
    pipe = wan.build_i2v()
    # The class cleans text with ftfy, which may not be there; the encoding is that of the other class.
    pipe._get_t5_prompt_embeds = functools.partial(WanPipeline._get_t5_prompt_embeds, pipe)
    pictures = [
        pipe(prompt=prompt, generator=torch.Generator().manual_seed(0), **wan.i2v_call_arguments()).frames
        for prompt in (SHORT, LONG)
    ]
    assert pictures[0].isfinite().all()
    assert (pictures[1] - pictures[0]).std() > 1e-4 * pictures[0].std()
