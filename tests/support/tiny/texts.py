"""Tiny text encoders with random weights, and tokenizers with one token a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tiny.parts import widened

WORDS = """a an the red blue green bicycle car clock cat house with without and of on
    wheels hands window tail door big small two three""".split()
# What the templates of Qwen-Image and FLUX.2 say.
TEMPLATE_WORDS = """system user assistant Describe image by detailing color shape size texture quantity text
    spatial relationships objects background You are AI that reasons about descriptions give structured
    responses focusing object attribution actions speculation""".split()
PUNCTUATION = ["\n", "\n\n", ",", ".", ":", "!", "?"]
LENGTH = 16  # model_max_length of the CLIP tokenizers

QWEN_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
QWEN_THINKING = ["<think>", "</think>"]
# Qwen3's own, less tools and history.
QWEN_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|im_start|>assistant\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\n\n</think>\n\n' }}"
    "{%- endif %}{%- endif %}"
)

MISTRAL_SPECIAL = [
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[INST]",
    "[/INST]",
    "[IMG]",
    "[IMG_BREAK]",
    "[IMG_END]",
]
# Mistral Small 3's own, less tools and pictures.
MISTRAL_TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{%- if message.role == 'system' %}"
    "{{- '[SYSTEM_PROMPT]' + message.content[0].text + '[/SYSTEM_PROMPT]' }}"
    "{%- else %}"
    "{{- '[INST]' + message.content[0].text + '[/INST]' }}"
    "{%- endif %}{%- endfor %}"
)


def word_tokenizer(
    begin: str | None,
    end: str | None,
    pad: str,
    length: int,
    special: list[str] | None = None,
    plain: list[str] | None = None,
    words: Sequence[str] = (),
    **more: Any,
):
    """Words, punctuation and line breaks are tokens; ``begin`` and ``end`` go around every text.

    ``words`` are known beside those of this module.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    named = [begin, end, pad, "<unk>", *(special or []), *(plain or [])]
    known = [*filter(None, named), *PUNCTUATION, *WORDS, *TEMPLATE_WORDS, *words]
    vocab = {token: i for i, token in enumerate(dict.fromkeys(known))}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\n+|\w+|[^\w\s]"), "removed", invert=True)
    around = [token for token in (begin, end) if token]
    if around:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=" ".join(filter(None, [begin, "$A", end])),
            special_tokens=[(token, vocab[token]) for token in around],
        )
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special or []])
    tokenizer.add_tokens([AddedToken(token) for token in plain or []])
    named_tokens = {"bos_token": begin, "eos_token": end or pad, "pad_token": pad, "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=length,
        extra_special_tokens=special or [],
        **{name: token for name, token in named_tokens.items() if token},
        **more,
    )


def clip_tokenizer(words: Sequence[str] = ()):
    """Begin, words, end; padded with the end token to 16."""
    return word_tokenizer("<s>", "</s>", "</s>", LENGTH, words=words)


def t5_tokenizer(length: int = LENGTH):
    """Words and an end token."""
    return word_tokenizer(None, "</s>", "<pad>", length)


def qwen_tokenizer(length: int = 1024):
    """Nothing goes around a text; the chat template is Qwen3's."""
    return word_tokenizer(
        None, None, "<|endoftext|>", length, QWEN_SPECIAL, QWEN_THINKING, chat_template=QWEN_TEMPLATE
    )


def mistral_processor(length: int = 1024):
    """Padded on the left, as Mistral's own."""
    from transformers import PixtralImageProcessor, PixtralProcessor

    tokenizer = word_tokenizer("<s>", None, "<pad>", length, MISTRAL_SPECIAL, padding_side="left")
    return PixtralProcessor(
        image_processor=PixtralImageProcessor(), tokenizer=tokenizer, chat_template=MISTRAL_TEMPLATE
    )


def clip_encoder(tokenizer, width: int, projection: int | None):
    """A CLIP text model, with the projection of the pooled text unless that is None."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=tokenizer.model_max_length,
        projection_dim=projection or width,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return widened((CLIPTextModelWithProjection if projection else CLIPTextModel)(config))


def t5_encoder(tokenizer, width: int):
    from transformers import T5Config, T5EncoderModel

    return widened(T5EncoderModel(T5Config(**_t5_sizes(tokenizer, width))))


def umt5_encoder(tokenizer, width: int):
    from transformers import UMT5Config, UMT5EncoderModel

    return widened(UMT5EncoderModel(UMT5Config(**_t5_sizes(tokenizer, width))))


def _t5_sizes(tokenizer, width: int) -> dict[str, int]:
    sizes = {"d_model": width, "d_kv": 8, "d_ff": 2 * width, "num_layers": 2, "num_heads": 2}
    return {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id, **sizes}


def _decoder_sizes(tokenizer, width: int, layers: int) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 1024,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def qwen3(tokenizer, width: int, layers: int):
    from transformers import Qwen3Config, Qwen3ForCausalLM

    sizes = _decoder_sizes(tokenizer, width, layers)
    return widened(Qwen3ForCausalLM(Qwen3Config(**sizes, head_dim=width // 2, tie_word_embeddings=True)))


def qwen25_vl(tokenizer, width: int, layers: int):
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [width // 4 - 4, 2, 2]}
    config = Qwen2_5_VLConfig(
        text_config={**_decoder_sizes(tokenizer, width, layers), "rope_parameters": rope},
        vision_config={
            "depth": 1,
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_heads": 2,
            "patch_size": 8,
            "out_hidden_size": width,
            "fullatt_block_indexes": [0],
        },
        tie_word_embeddings=True,
    )
    return widened(Qwen2_5_VLForConditionalGeneration(config))


def mistral3(processor, width: int, layers: int):
    from transformers import (
        Mistral3Config,
        Mistral3ForConditionalGeneration,
        MistralConfig,
        PixtralVisionConfig,
    )

    tokenizer = processor.tokenizer
    config = Mistral3Config(
        text_config=MistralConfig(**_decoder_sizes(tokenizer, width, layers), head_dim=width // 2),
        vision_config=PixtralVisionConfig(
            hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=32
        ),
        image_token_id=processor.image_token_id,
    )
    return widened(Mistral3ForConditionalGeneration(config))
