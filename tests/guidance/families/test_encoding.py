"""Whatever a pipeline does to its prompt, it does to the negative: each family's encoding of both is one."""

from __future__ import annotations

import copy

import pytest
import torch
from cases import CASES, build_exact, first_forward
from transformers import CLIPTextModel

from negjudge.errors import NegjudgeError
from negjudge.guidance import VSF, guide
from negjudge.guidance.families import family_of

PROMPT = "a big red bicycle"


def both(pipe, case, **more):
    """The tokens that the denoiser is given for a prompt, and those of a negative of the same text."""
    case = Called(case, more)
    family, forward = family_of(pipe), first_forward(pipe, case, PROMPT)[1]
    with torch.no_grad():
        negative = family.encode(pipe, PROMPT, "full", forward, case.call())
    return family.text(forward).reshape(-1, negative.tokens.shape[-1]), negative


class Called:
    """A case whose calls have further arguments."""

    def __init__(self, case, more):
        self.case, self.more = case, more

    def call(self, **more):
        return self.case.call(**self.more, **more)


def close(prompt, negative):
    """Equal as far as the prompt goes: Z-Image pads a caption inside the denoiser."""
    tokens = negative.tokens[: len(prompt)]
    torch.testing.assert_close(tokens, prompt[: len(tokens)], rtol=0, atol=1e-5)
    assert len(tokens) == len(prompt)


@pytest.mark.parametrize("name", list(CASES))
def test_a_negative_is_encoded_as_the_same_prompt_would_be(name):
    case = CASES[name]
    close(*both(build_exact(case), case))


@pytest.mark.parametrize("name", ["sd3.5", "sdxl"])
def test_clip_skip_is_followed(name):
    case = CASES[name]
    pipe = build_exact(case)
    skipped, negative = both(pipe, case, clip_skip=1)
    close(skipped, negative)
    whole, _ = both(pipe, case)
    assert (skipped - whole).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["sdxl", "sd"])
def test_a_textual_inversion_of_several_vectors_is_encoded_whole(name):
    case = CASES[name]
    pipe = case.build()
    if name == "sdxl":
        pipe.register_modules(tokenizer_2=copy.deepcopy(pipe.tokenizer))
    places = [("tokenizer", "text_encoder")] + [("tokenizer_2", "text_encoder_2")] * (name == "sdxl")
    for tokenizer, encoder in places:
        encoder = getattr(pipe, encoder)
        width = encoder.get_input_embeddings().weight.shape[1]
        vectors = torch.randn(3, width, generator=torch.Generator().manual_seed(1))
        pipe.load_textual_inversion(
            vectors, token="<bad>", tokenizer=getattr(pipe, tokenizer), text_encoder=encoder
        )
    assert isinstance(pipe.text_encoder, CLIPTextModel)
    family = family_of(pipe)
    forward = first_forward(pipe, case, "<bad> bicycle")[1]
    with torch.no_grad():
        negative = family.encode(pipe, "<bad> bicycle", "none", forward, case.call())
    assert len(negative.tokens) == 1 + 3 + 1 + 1  # begin, the vectors, the word, end
    expected = family.text(forward)[0][: len(negative.tokens)]
    torch.testing.assert_close(negative.tokens.double(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["flux2", "flux2-klein", "qwen-image", "z-image"])
@pytest.mark.parametrize("word", ["assistant", "user", "color", "red"])
def test_a_word_of_the_template_is_told_from_the_template(name, word):
    case = CASES[name]
    pipe = case.build()
    family, forward = family_of(pipe), first_forward(pipe, case)[1]
    with torch.no_grad():
        negative = family.encode(pipe, word, "none", forward, case.call())
        other = family.encode(pipe, "wheels", "none", forward, case.call())
    assert negative.without_special().words == (word,)
    assert other.without_special().words == ("wheels",)
    place = negative.special.index(False)
    assert other.special.index(False) == place


@pytest.mark.parametrize("name", list(CASES))
def test_without_its_text_encoders_a_pipeline_is_refused_before_anything_runs(name):
    pipe = CASES[name].build()
    for part in ("text_encoder", "text_encoder_2"):
        if getattr(pipe, part, None) is not None:
            pipe.register_modules(**{part: None})
    message = r"cannot be encoded: the pipeline's text_encoder.* None; keep the text encoders"
    with pytest.raises(NegjudgeError, match=message), guide(pipe, VSF(), "wheels"):
        pass


def test_sdxls_refiner_has_its_second_encoder_alone():
    case = CASES["sdxl"]
    pipe = build_exact(case)
    whole, _ = both(pipe, case)
    pipe.register_modules(tokenizer=None, text_encoder=None)
    with torch.no_grad():
        negative = family_of(pipe).encode(pipe, PROMPT, "full", {"encoder_hidden_states": whole[None]}, {})
    width = negative.tokens.shape[-1]
    torch.testing.assert_close(negative.tokens, whole[:, -width:], rtol=0, atol=1e-5)
