"""Tiny tokenizers and text encoders with random weights, of the true classes."""

from __future__ import annotations

from typing import Any

import torch

WORDS = "a an the red blue bicycle car clock with without wheels hands window tail big".split()
CHAT_WORDS = "<|im_start|> <|im_end|> user assistant system Describe the image".split()


def word_tokenizer(
    begin: str | None, end: str | None, pad: str, length: int, more: tuple[str, ...] = (), side: str = "right"
) -> Any:
    """A fast tokenizer in which each word is one token."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = [token for token in dict.fromkeys([begin, end, pad, "<unk>"]) if token]
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys([*special, *more, *WORDS]))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if begin or end:
        template = " ".join(part for part in (begin, "$A", end) if part)
        ends = [(token, vocabulary[token]) for token in (begin, end) if token]
        tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=ends)
    named = {"bos_token": begin, "eos_token": end, "pad_token": pad, "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=length,
        padding_side=side,
        **{name: token for name, token in named.items() if token},
    )


def chat_tokenizer(length: int, side: str = "right", more: tuple[str, ...] = ()) -> Any:
    """A tokenizer with a chat template in the manner of Qwen's."""
    tokenizer = word_tokenizer(None, None, "<pad>", length, more=(*CHAT_WORDS, *more), side=side)
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|> {{ m['role'] }} {{ m['content'] }} <|im_end|> {% endfor %}"
        "{% if add_generation_prompt %}<|im_start|> assistant {% endif %}"
    )
    return tokenizer


def clip_encoder(tokenizer: Any, width: int, projection: int, length: int, projected: bool = True) -> Any:
    """CLIP's text encoder."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=length,
        projection_dim=projection,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return widened((CLIPTextModelWithProjection if projected else CLIPTextModel)(config))


def t5_encoder(tokenizer: Any, width: int, kind: str = "T5") -> Any:
    """T5's or UMT5's encoder."""
    import transformers

    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokenizer), d_model=width, d_kv=8, d_ff=2 * width, num_layers=2, num_heads=2
    )
    return getattr(transformers, f"{kind}EncoderModel")(config).eval()


def qwen3(tokenizer: Any, width: int, layers: int = 3) -> Any:
    """Qwen3, a language model."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=1024,
        pad_token_id=tokenizer.pad_token_id,
    )
    return widened(Qwen3ForCausalLM(config))


def widened(model: Any, matrices: float = 0.2) -> Any:
    """Weights wide enough for text to move the picture by much more than rounding does."""
    with torch.no_grad():
        for parameter in model.parameters():
            spread = matrices if parameter.ndim > 1 else 0.1
            centre = 1.0 if parameter.ndim == 1 and bool((parameter == 1).all()) else 0.0
            parameter.copy_(centre + torch.randn_like(parameter) * spread)
    return model.eval()


def kl_vae(channels: int, latent: int) -> Any:
    """The autoencoder of most families, factor 2."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=2 * latent,
        shift_factor=0.0,
        scaling_factor=1.0,
    ).eval()
