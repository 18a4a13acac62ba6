"""Every family, on genuine pipelines with tiny random weights: the same tests for all.

The denoiser in float64 is held against tables of who sees whom (slow.py) and against the plain model.
"""

from __future__ import annotations

import dataclasses
import functools

import pytest
import torch
from cases import CASES, NEGATIVE, PROMPT, build_exact, first_forward, output_of, run
from slow import in_place_of_attention
from two_texts import encode, two_texts, with_text

from negjudge.errors import NegjudgeError
from negjudge.guidance import NAG, NASA, VSF, guide
from negjudge.guidance.families import family_of
from negjudge.guidance.kernels.nag import nag_attention

# diffusers' Euler scheduler with numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PICTURE_FIRST = ("sd3", "zimage")
METHODS = [
    VSF(),
    VSF(scale=3.3, offset=0.2),
    VSF(scale=3.3, leak=True),
    NAG(phi=3.0, tau=1.5, alpha=0.5),
    NASA(scale=0.3),
]


@pytest.fixture(scope="module", params=list(CASES))
def case(request):
    return CASES[request.param]


@pytest.fixture(scope="module")
def pipe(case):
    return case.build()


@pytest.fixture(scope="module")
def exact(case):
    return build_exact(case)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.name}-{method.params}")
@torch.no_grad()
def test_the_denoiser_equals_the_slow_reference_in_float64(case, exact, method):
    denoiser, arguments = first_forward(exact, case)
    plain = output_of(denoiser, arguments)
    negative = encode(exact, case, arguments).tokens
    copies = 2 if getattr(method, "leak", False) else 1
    with two_texts(exact, case, denoiser, arguments, negative, copies) as (both, (p, n)):
        image = None
        if case.module not in ("wan", "unet"):
            size = family_of(exact).size(denoiser, arguments)
            image = range(size[0] * size[1])
            if case.module == "zimage":
                image = range(-(-len(image) // 32) * 32)
        first = len(image) if image and case.module in PICTURE_FIRST else 0
        positive, second = range(first, first + p), first + p
        shown = range(second, second + (copies - 1) * n)
        negatives = range(shown.stop, shown.stop + n)
        if image and not first:
            image = range(negatives.stop, negatives.stop + len(image))
        with in_place_of_attention(image, positive, list(negatives), method, list(shown)) as calls:
            expected = output_of(denoiser, both)
    assert len(calls) == len(family_of(exact).attention_modules(denoiser))
    with guide(exact, dataclasses.replace(method, padding=case.padding), NEGATIVE):
        actual = output_of(denoiser, arguments)
    assert (actual - plain).abs().max() > 1e-3
    torch.testing.assert_close(actual, expected, rtol=0, atol=case.tolerance)


@torch.no_grad()
def test_the_negative_is_encoded_as_if_it_were_the_only_prompt(case, exact, monkeypatch):
    """NAG with phi −1 and nothing else is attention over the negative: the plain model, prompted with it."""
    denoiser, arguments = first_forward(exact, case)
    negative = encode(exact, case, arguments).tokens
    expected = output_of(denoiser, with_text(case, arguments, negative))
    only = functools.partial(nag_attention, phi=-1.0, tau=float("inf"), alpha=1.0)
    monkeypatch.setattr(NAG, "attention", lambda _: only)
    with guide(exact, NAG(padding=case.padding), NEGATIVE):
        actual = output_of(denoiser, arguments)
    assert (expected - output_of(denoiser, arguments)).abs().max() > 1e-3
    torch.testing.assert_close(actual, expected, rtol=0, atol=case.tolerance)


@torch.no_grad()
def test_a_large_offset_is_the_plain_denoiser(case, exact):
    denoiser, arguments = first_forward(exact, case)
    plain = output_of(denoiser, arguments)
    with guide(exact, VSF(scale=5.0, offset=80.0), NEGATIVE):
        actual = output_of(denoiser, arguments)
    torch.testing.assert_close(actual, plain, rtol=0, atol=case.tolerance)


@torch.no_grad()
def test_a_negative_in_layers_that_are_left_out_changes_nothing_there(case, exact):
    denoiser, arguments = first_forward(exact, case)
    plain = output_of(denoiser, arguments)
    layers = len(family_of(exact).attention_modules(denoiser))
    with guide(exact, VSF(scale=0.0, offset=80.0, layers="0"), NEGATIVE):
        torch.testing.assert_close(output_of(denoiser, arguments), plain, rtol=0, atol=case.tolerance)
    with guide(exact, VSF(layers="0"), NEGATIVE):
        first = output_of(denoiser, arguments)
    with guide(exact, VSF(layers=f"0-{layers - 1}"), NEGATIVE):
        every = output_of(denoiser, arguments)
    with guide(exact, VSF(), NEGATIVE):
        torch.testing.assert_close(output_of(denoiser, arguments), every, rtol=0, atol=0)
    assert (first - plain).abs().max() > 1e-4
    assert (first - every).abs().max() > 1e-4
    with (
        pytest.raises(NegjudgeError, match=rf"go from 0 to {layers - 1}$"),
        guide(exact, VSF(layers=str(layers)), NEGATIVE),
    ):
        pass


def test_a_batch_of_negatives_of_different_length_equals_one_by_one(case, pipe):
    prompts, negatives = ["a red bicycle", "the clock"], ["big blue wheels", "hands"]
    for method in (VSF(scale=2.0, offset=0.1), NAG(padding=case.padding), NASA(padding="none")):
        with guide(pipe, method, negatives):
            together = run(pipe, case, prompts, seeds=(5, 6))
        for row, (prompt, negative) in enumerate(zip(prompts, negatives, strict=True)):
            plain = run(pipe, case, prompt, seeds=(5 + row,))
            with guide(pipe, method, negative):
                alone = run(pipe, case, prompt, seeds=(5 + row,))
            assert (alone - plain).abs().max() > 1e-3
            torch.testing.assert_close(together[row : row + 1], alone, rtol=0, atol=2e-3)


def test_permuting_the_batch_permutes_the_pictures(case, pipe):
    prompts, negatives = ["a red bicycle", "the clock"], ["wheels", "big hands"]
    with guide(pipe, VSF(offset=0.3), negatives):
        once = run(pipe, case, prompts, seeds=(1, 2))
    with guide(pipe, VSF(offset=0.3), negatives[::-1]):
        twice = run(pipe, case, prompts[::-1], seeds=(2, 1))
    torch.testing.assert_close(once.flip(0), twice, rtol=0, atol=2e-3)


def test_several_pictures_of_a_prompt(case, pipe):
    name = "num_videos_per_prompt" if case.module == "wan" else "num_images_per_prompt"
    with guide(pipe, VSF(), NEGATIVE):
        both = run(pipe, case, seeds=(3, 4), **{name: 2})
        alone = run(pipe, case, seeds=(4,))
    torch.testing.assert_close(both[1:], alone, rtol=0, atol=2e-3)


def test_restored_and_plain_is_bit_identical(case, pipe):
    plain = run(pipe, case)
    with guide(pipe, VSF(), NEGATIVE):
        guided = run(pipe, case)
    assert (guided - plain).abs().max() > 1e-3
    with guide(pipe, VSF(), ""):
        assert torch.equal(run(pipe, case), plain)

    def interrupted():
        with guide(pipe, VSF(), NEGATIVE):
            run(pipe, case)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert torch.equal(run(pipe, case), plain)
    for denoiser in family_of(pipe).denoisers(pipe):
        assert not [name for name, module in denoiser.named_modules() if "forward" in vars(module)]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_in_half_precision_guidance_moves_its_picture_and_leaves_the_other_bit_for_bit(case, dtype):
    pipe = case.build(dtype)
    plain = run(pipe, case, ["a car", "a clock"], seeds=(1, 2))
    for method in (VSF(offset=0.2), NAG(), NASA()):
        with guide(pipe, method, ["wheels", ""]):
            guided = run(pipe, case, ["a car", "a clock"], seeds=(1, 2))
        assert guided.isfinite().all()
        assert (guided[0] - plain[0]).float().std() > 5e-3 * plain.float().std()
        assert torch.equal(guided[1], plain[1])


def test_the_pipelines_own_guidance_is_refused(case, pipe):
    switches = {"flux": "true_cfg_scale", "qwenimage": "true_cfg_scale"}
    switch = switches.get(case.module, "guidance_scale")
    if case.module == "flux2" and type(pipe).__name__ == "Flux2Pipeline":
        pytest.skip("FLUX.2's guidance is embedded")
    more = {"negative_prompt": "hands"} if switch == "true_cfg_scale" else {}
    with pytest.raises(NegjudgeError, match=f"{switch}=4"), guide(pipe, VSF(), NEGATIVE):
        run(pipe, case, **{switch: 4.0}, **more)


def test_weights_count_tokens(case, pipe):
    with guide(pipe, VSF(), "wheels"):
        once = run(pipe, case)
    with guide(pipe, VSF(), "wheels:1"):
        torch.testing.assert_close(run(pipe, case), once, rtol=0, atol=2e-3)
    with guide(pipe, VSF(), "wheels:3"):
        assert (run(pipe, case) - once).abs().max() > 1e-3


def test_phrases_are_encoded_apart(case, pipe):
    """Which of two comes first says nothing, and a phrase said twice is one of twice the weight."""
    with guide(pipe, VSF(), "big wheels:1.5, hands"):
        one = run(pipe, case)
    with guide(pipe, VSF(), "hands, big wheels:1.5"):
        torch.testing.assert_close(run(pipe, case), one, rtol=1e-3, atol=2e-3)
    with guide(pipe, VSF(), "hands, wheels:1.5"):
        assert (run(pipe, case) - one).abs().max() > 1e-3


def test_phrases_of_different_number_and_length_share_a_batch(case, pipe):
    prompts, negatives = [PROMPT] * 3, ["big wheels:1.5, hands", "hands:2", ""]
    with guide(pipe, VSF(), negatives):
        together = run(pipe, case, prompts, seeds=(0, 1, 2))
    for row, negative in enumerate(negatives):
        with guide(pipe, VSF(), negative):
            alone = run(pipe, case, PROMPT, seeds=(row,))
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-3, atol=2e-3)


def test_special_tokens_can_be_left_out(case, pipe):
    arguments = first_forward(pipe, case)[1]
    encoded = encode(
        pipe, case, {k: v.float() if isinstance(v, torch.Tensor) else v for k, v in arguments.items()}
    )
    kept = encoded.without_special()
    assert len(encoded.words) == len(encoded.special) == len(encoded.tokens)
    assert {"big", "wheels"} <= set(kept.words)
    assert len(kept.tokens) < len(encoded.tokens)
    with guide(pipe, VSF(), NEGATIVE):
        every = run(pipe, case)
    with guide(pipe, VSF(special="drop"), NEGATIVE):
        assert (run(pipe, case) - every).abs().max() > 1e-3


def test_a_schedule_ends_guidance(case, pipe):
    plain = run(pipe, case, num_inference_steps=3)
    with guide(pipe, VSF(), NEGATIVE):
        guided = run(pipe, case, num_inference_steps=3)
    with guide(pipe, VSF(stop=0.01), NEGATIVE):
        early = run(pipe, case, num_inference_steps=3)
    with guide(pipe, VSF(schedule="linear"), NEGATIVE):
        falling = run(pipe, case, num_inference_steps=3)
    for other in (early, falling):
        assert (other - plain).abs().max() > 1e-4
        assert (other - guided).abs().max() > 1e-4
    with (
        pytest.raises(NegjudgeError, match=r"between start=0\.3 and stop=0\.3001"),
        guide(pipe, VSF(start=0.3, stop=0.3001), NEGATIVE),
    ):
        run(pipe, case, num_inference_steps=3)


def test_encoded_words_stand_beside_their_tokens(case, exact):
    """The word's token is the one that changes most when another word stands in its place."""
    arguments = first_forward(exact, case)[1]
    for padding in ("none", "full"):
        one, other = (encode(exact, case, arguments, text, padding) for text in ("big wheels", "big hands"))
        place = one.words.index("wheels")
        assert other.words.index("hands") == place
        assert not one.special[place]
        differs = (one.tokens - other.tokens).abs().amax(-1) > 0
        # T5's tokens see each other; those before the word in a causal encoder are the same.
        assert differs[place]
        if case.module in ("flux2", "qwenimage", "zimage", "unet"):
            assert not differs[:place].any()
