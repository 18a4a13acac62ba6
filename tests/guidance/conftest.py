"""Tiny pipelines of the true class with random weights."""

from __future__ import annotations

import pytest
import torch

WORDS = "a an the red blue bicycle car clock with without wheels hands window tail big".split()
CLIP_LENGTH = 12
T5_LENGTH = 8
CHANNELS = 16  # the inpainting pipeline takes no other number


def word_tokenizer(begin: str | None, end: str, pad: str, length: int):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = [token for token in dict.fromkeys([begin, end, pad, "<unk>"]) if token]
    vocab = {word: i for i, word in enumerate(special + WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    template = f"{begin} $A {end}" if begin else f"$A {end}"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[(token, vocab[token]) for token in (begin, end) if token]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=end,
        pad_token=pad,
        unk_token="<unk>",
        model_max_length=length,
        **({"bos_token": begin} if begin else {}),
    )


def clip_encoder(tokenizer, width: int, projection: int):
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=CLIP_LENGTH,
        projection_dim=projection,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModelWithProjection(config).eval()


def t5_encoder(tokenizer, width: int):
    from transformers import T5Config, T5EncoderModel

    config = T5Config(
        vocab_size=len(tokenizer), d_model=width, d_kv=8, d_ff=2 * width, num_layers=2, num_heads=2
    )
    return T5EncoderModel(config).eval()


def _build_pipeline(
    kind: str = "StableDiffusion3Pipeline", t5: bool = False, sd35: bool = False, seed: int = 0
):
    """SD3 (without T5 unless asked), or SD3.5 with its second attention and its norms; 8x8 latents."""
    import diffusers
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel

    torch.manual_seed(seed)
    clip = word_tokenizer("<s>", "</s>", "</s>", CLIP_LENGTH)
    t5_tokenizer = word_tokenizer(None, "</s>", "<pad>", T5_LENGTH) if t5 else None
    transformer = SD3Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        num_layers=3,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        caption_projection_dim=32,
        pooled_projection_dim=32,
        pos_embed_max_size=16,
        dual_attention_layers=(0, 1) if sd35 else (),
        qk_norm="rms_norm" if sd35 else None,
    ).eval()
    with torch.no_grad():
        for parameter in transformer.parameters():
            # Wide enough for text to move the picture by much more than rounding does.
            parameter.copy_(torch.randn_like(parameter) * (0.2 if parameter.ndim > 1 else 0.1))
    vae = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=CHANNELS,
        norm_num_groups=4,
        sample_size=16,
        shift_factor=0.0,
    ).eval()
    pipe = getattr(diffusers, kind)(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=clip_encoder(clip, 16, 16),
        tokenizer=clip,
        text_encoder_2=clip_encoder(clip, 24, 16),
        tokenizer_2=clip,
        text_encoder_3=t5_encoder(t5_tokenizer, 48) if t5 else None,
        tokenizer_3=t5_tokenizer,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _pictures(pipe, prompt="a red bicycle", steps=2, seeds=(0,), **arguments):
    """Latents of one call, ``(pictures, 16, 8, 8)``."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    settings = {"guidance_scale": 0, "num_inference_steps": steps, "max_sequence_length": T5_LENGTH}
    settings |= {"generator": generators if len(generators) > 1 else generators[0], "output_type": "latent"}
    return pipe(prompt, **(settings | arguments)).images


@pytest.fixture(scope="session")
def build_pipeline():
    return _build_pipeline


@pytest.fixture(scope="session")
def pictures():
    return _pictures


@pytest.fixture
def pipe():
    return _build_pipeline()
