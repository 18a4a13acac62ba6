"""Whole tiny SD3 pipelines against a slow reference: processors of our own with dense tables, in float64."""

from __future__ import annotations

import contextlib
import math

import pytest
import torch

from negjudge.guidance import NAG, NASA, VSF, guide

T5_LENGTH = 8
# The denoiser in float64. Only its sinusoidal embedding of the timestep is float32, the same on both sides.
EXACT = {"rtol": 0.0, "atol": 1e-12}
# Whole pipelines: the scheduler rounds the latents to float32 after each step, which hides smaller errors.
TOLERANCE = {"rtol": 0.0, "atol": 1e-5}


# ---- the slow reference


class SlowProcessor:
    """SD3's joint attention over picture, prompt and negative, by a table of who sees whom."""

    def __init__(self, method, prompt, negative):
        self.method, self.prompt, self.negative = method, prompt, negative

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        def heads(x):
            return x.unflatten(-1, (attn.heads, -1)).transpose(1, 2)

        def normed(norm, x):
            return x if norm is None else norm(x)

        query = normed(attn.norm_q, heads(attn.to_q(hidden_states)))
        key = normed(attn.norm_k, heads(attn.to_k(hidden_states)))
        value = heads(attn.to_v(hidden_states))
        picture = hidden_states.shape[1]
        if encoder_hidden_states is None:  # SD3.5's attention of the picture alone
            out = table_attention(query, key, value, torch.zeros(picture, picture))
            return attn.to_out[0](out)
        text = encoder_hidden_states
        query = torch.cat([query, normed(attn.norm_added_q, heads(attn.add_q_proj(text)))], 2)
        key = torch.cat([key, normed(attn.norm_added_k, heads(attn.add_k_proj(text)))], 2)
        value = torch.cat([value, heads(attn.add_v_proj(text))], 2)
        out = self.attend(query, key, value, picture)
        text = out[:, picture:]
        if not attn.context_pre_only:
            text = attn.to_add_out(text)
        return attn.to_out[0](out[:, :picture]), text

    def attend(self, query, key, value, picture):
        n = query.shape[2]
        first = picture + self.prompt
        image, prompt, negative = range(picture), range(picture, first), range(first, n)
        if isinstance(self.method, VSF):
            return self.vsf(query, key, value, [list(image), list(prompt), list(negative)])
        plus = table_attention(
            query,
            key,
            value,
            seen(
                n,
                n,
                {
                    **rows(image, [*image, *prompt]),
                    **rows(prompt, [*image, *prompt]),
                    **rows(negative, [*image, *negative]),
                },
            ),
        )
        minus = table_attention(query, key, value, seen(n, n, rows(range(n), [*image, *negative])))
        z, w = plus[:, :picture], minus[:, :picture]
        if isinstance(self.method, NASA):
            guided = z - self.method.scale * w
        else:
            guided = z + self.method.phi * (z - w)
            ratio = guided.abs().sum(-1, keepdim=True) / z.abs().sum(-1, keepdim=True)
            guided = guided * ratio.clamp(max=self.method.tau) / ratio
            guided = self.method.alpha * guided + (1 - self.method.alpha) * z
        return torch.cat([guided, plus[:, picture:]], 1)

    def vsf(self, query, key, value, groups):
        image, prompt, negative = groups
        n = query.shape[2]
        seer = {}
        if self.method.leak:  # the table of the original code: rows and columns I, P, A, B, then C
            half = len(negative) // 2
            shown, negative = negative[:half], negative[half:]
            flipped = list(range(n, n + half))
            seer |= rows(shown, [*image, *prompt, *shown])
        else:
            shown, flipped = [], list(range(n, n + len(negative)))
        seer |= rows(image, [*image, *prompt, *shown, *flipped])
        seer |= rows(prompt, [*image, *prompt, *shown])
        seer |= rows(negative, [*image, *negative])
        bias = seen(n, n + len(flipped), seer)
        bias[: len(image), n:] -= self.method.offset
        key = torch.cat([key, key[:, :, negative]], 2)
        value = torch.cat([value, -self.method.scale * value[:, :, negative]], 2)
        return table_attention(query, key, value, bias)


def rows(which, columns):
    return dict.fromkeys(which, columns)


def seen(n_rows, n_columns, seer):
    bias = torch.full((n_rows, n_columns), -math.inf, dtype=torch.float64)
    for row, columns in seer.items():
        bias[row, columns] = 0.0
    return bias


def table_attention(query, key, value, bias):
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key) / math.sqrt(query.shape[-1]) + bias
    return torch.einsum("bhqk,bhkd->bqhd", scores.softmax(-1), value).flatten(2)


def encoded(pipe, text, full):
    """A negative's tokens by hand: CLIP's two encoders side by side, then T5's."""
    clip = []
    for tokenizer, encoder in [(pipe.tokenizer, pipe.text_encoder), (pipe.tokenizer_2, pipe.text_encoder_2)]:
        ids = tokenizer(text).input_ids
        if full:
            ids = ids + [tokenizer.pad_token_id] * (pipe.tokenizer_max_length - len(ids))
        clip.append(encoder(torch.tensor([ids]), output_hidden_states=True).hidden_states[-2])
    width = pipe.transformer.config.joint_attention_dim
    joined = torch.cat(clip, -1)
    parts = [torch.nn.functional.pad(joined, (0, width - joined.shape[-1]))]
    if pipe.text_encoder_3 is not None:
        ids = pipe.tokenizer_3(text).input_ids
        if full:
            ids = ids + [pipe.tokenizer_3.pad_token_id] * (T5_LENGTH - len(ids))
        parts.append(pipe.text_encoder_3(torch.tensor([ids]))[0])
    elif full:
        parts.append(torch.zeros(1, T5_LENGTH, width, dtype=joined.dtype))
    return torch.cat(parts, 1)


@torch.no_grad()
def reference(pipe, pictures, method, prompt, negative, **arguments):
    """One picture by the slow way."""
    text, pooled = positive(pipe, prompt)
    with slowly(pipe, method, text, negative) as tokens:
        return pictures(pipe, None, prompt_embeds=tokens, pooled_prompt_embeds=pooled, **arguments)


def positive(pipe, prompt):
    settings = {"device": "cpu", "do_classifier_free_guidance": False, "max_sequence_length": T5_LENGTH}
    text, _, pooled, _ = pipe.encode_prompt(prompt, None, None, **settings)
    return text, pooled


@contextlib.contextmanager
def slowly(pipe, method, text, negative):
    """Set the slow processors; yields the text tokens that go with them."""
    tokens = encoded(pipe, negative, method.padding == "full")
    copies = [tokens, tokens] if isinstance(method, VSF) and method.leak else [tokens]
    before = pipe.transformer.attn_processors
    pipe.transformer.set_attn_processor(SlowProcessor(method, text.shape[1], tokens.shape[1]))
    try:
        yield torch.cat([text, *copies], 1)
    finally:
        pipe.transformer.set_attn_processor(before)


# ---- the tests


def double(pipe):
    for name in ("transformer", "text_encoder", "text_encoder_2", "text_encoder_3"):
        if getattr(pipe, name) is not None:
            getattr(pipe, name).double()
    return pipe


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
