"""The shape of the tiny base judge: a genuine Qwen2.5-VL, its processor and its closed vocabulary."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from negjudge.data.questions import NO, POLARITIES, QUALITY_QUESTION, RATINGS, YES, presence_question
from negjudge.judge.prompts import SYSTEM

PICTURE_SIDE = 64  # pixels
PATCH, MERGE = 8, 2
PICTURE_TOKENS = (PICTURE_SIDE // PATCH // MERGE) ** 2
WIDTH, VISION_WIDTH = 192, 128
# About one over the root of the widths; the 0.02 of wide models leaves narrow ones blind for long.
INITIALIZER_RANGE = 0.07

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_UNKNOWN = "<|unknown|>"

# As Qwen2.5-VL's own template renders a system message, a picture and a question.
CHAT_TEMPLATE = """{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}\
{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>\
{% elif part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif -%}""".replace("\\\n", "")


def vocabulary(words: Iterable[str]) -> list[str]:
    """Return every token of the judge: its special tokens, then the words of its world and its questions.

    The names of the special tokens are words too, so that user text which holds one, escaped, is text like
    any other.
    """
    sentences = [presence_question("x", polarity) for polarity in POLARITIES]
    sentences += [QUALITY_QUESTION, SYSTEM, "system user assistant a an the what of", YES, NO, *RATINGS]
    sentences += [token.replace("_", " _ ") for token in SPECIAL_TOKENS]
    splitter, lower = pre_tokenizers.BertPreTokenizer(), normalizers.Lowercase()
    plain = {
        piece
        for sentence in [*sentences, *words]
        for piece, _ in splitter.pre_tokenize_str(lower.normalize_str(sentence))
    }
    return [*SPECIAL_TOKENS, _UNKNOWN, *sorted(plain)]


def build_processor(words: Iterable[str]) -> Qwen2_5_VLProcessor:
    """Build the processor: a word-level tokenizer over ``vocabulary(words)`` and Qwen's picture processing.

    Pictures of any size are brought to about 64×64 pixels before they are cut into patches.
    """
    tokens = {token: number for number, token in enumerate(vocabulary(words))}
    backend = Tokenizer(models.WordLevel(tokens, unk_token=_UNKNOWN))
    backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        unk_token=_UNKNOWN,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        additional_special_tokens=list(SPECIAL_TOKENS[1:]),
    )
    area = PICTURE_SIDE**2
    pictures = Qwen2VLImageProcessor(
        patch_size=PATCH, merge_size=MERGE, size={"shortest_edge": area, "longest_edge": area}
    )
    videos = Qwen2VLVideoProcessor(
        patch_size=PATCH, merge_size=MERGE, size={"shortest_edge": area, "longest_edge": area}
    )
    return Qwen2_5_VLProcessor(pictures, tokenizer, videos, chat_template=CHAT_TEMPLATE)


def build_model(processor: Qwen2_5_VLProcessor, layers: int = 4) -> Qwen2_5_VLForConditionalGeneration:
    """Build the randomly initialised model for a processor of this module; the caller sets the seed."""
    tokenizer = processor.tokenizer
    token = tokenizer.convert_tokens_to_ids
    vision = {
        "depth": layers,
        "hidden_size": VISION_WIDTH,
        "intermediate_size": 2 * VISION_WIDTH,
        "num_heads": 4,
        "patch_size": PATCH,
        "spatial_merge_size": MERGE,
        "temporal_patch_size": 2,
        "window_size": PICTURE_SIDE,
        "fullatt_block_indexes": list(range(layers)),
        "out_hidden_size": WIDTH,
        "initializer_range": INITIALIZER_RANGE,
    }
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 512,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "max_position_embeddings": 1024,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [6, 9, 9]},
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": True,
        "initializer_range": INITIALIZER_RANGE,
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=token("<|image_pad|>"),
        video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
        tie_word_embeddings=True,
    )
    return Qwen2_5_VLForConditionalGeneration(config)
