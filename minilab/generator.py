"""The tiny generator: a genuine StableDiffusion3Pipeline, sized for 64 by 64 pixels and two cores."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections import Counter
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer

from minilab.world import words

TEXT_LENGTH = 16  # of each tokenizer: 333 text tokens would bury the picture's 64
TEXT_WIDTH = 96  # of each of the two text encoders
LATENT_CHANNELS = 12  # of a 2 by 2 thumbnail in three colours, see make_vae
LATENT_SIZE = 16
WIDTH_HEADS, HEAD_SIZE, LAYERS = 4, 48, 6


def build_pipeline(seed: int = 0) -> StableDiffusion3Pipeline:
    """Return the pipeline with random weights, float32 on the CPU; equal seeds give equal weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tokenizer = build_tokenizer()
        return StableDiffusion3Pipeline(
            transformer=_transformer(),
            scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=1.0),
            vae=build_vae(),
            text_encoder=_text_encoder(tokenizer),
            tokenizer=tokenizer,
            text_encoder_2=_text_encoder(tokenizer),
            tokenizer_2=build_tokenizer(),
            text_encoder_3=None,
            tokenizer_3=None,
        )


def build_vae() -> AutoencoderKL:
    """Return an autoencoder of factor 4, so that patches of 2 make 64 tokens of a picture."""
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(24, 48, 128),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        sample_size=64,
        mid_block_add_attention=True,
        use_quant_conv=False,
        use_post_quant_conv=False,
        scaling_factor=1.0,
        shift_factor=0.0,
    )


def build_tokenizer() -> CLIPTokenizer:
    """Return a CLIP tokenizer in which every word of the world is one token, the same at every call."""
    letters = sorted({letter for word in words() for letter in word} | set("abcdefghijklmnopqrstuvwxyz"))
    merges = byte_pair_merges(words())
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges)]
    vocabulary = {token: number for number, token in enumerate(["<|startoftext|>", "<|endoftext|>", *tokens])}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "vocab.json").write_text(json.dumps(vocabulary))
        lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
        (Path(folder) / "merges.txt").write_text("\n".join(lines) + "\n")
        return CLIPTokenizer(f"{folder}/vocab.json", f"{folder}/merges.txt", model_max_length=TEXT_LENGTH)


def byte_pair_merges(corpus: list[str]) -> list[tuple[str, str]]:
    """Return the merges that make each word of a corpus one token, most frequent first.

    The tokenizers library's trainer breaks ties at random, so that two tokenizers of the same words number
    them differently; here ties are broken by spelling.
    """
    spelled = [[*word[:-1], word[-1] + "</w>"] for word in corpus]
    merges = []
    while counts := Counter(pair for tokens in spelled for pair in itertools.pairwise(tokens)):
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        spelled = [_merge(tokens, best) for tokens in spelled]
        merges.append(best)
    return merges


def _merge(tokens: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    for token in tokens:
        if merged and (merged[-1], token) == pair:
            merged[-1] += token
        else:
            merged.append(token)
    return merged


def _text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModelWithProjection:
    return CLIPTextModelWithProjection(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=2 * TEXT_WIDTH,
            projection_dim=TEXT_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=3,
            max_position_embeddings=TEXT_LENGTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def _transformer() -> SD3Transformer2DModel:
    return SD3Transformer2DModel(
        sample_size=LATENT_SIZE,
        patch_size=2,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        num_layers=LAYERS,
        attention_head_dim=HEAD_SIZE,
        num_attention_heads=WIDTH_HEADS,
        joint_attention_dim=2 * TEXT_WIDTH,
        caption_projection_dim=WIDTH_HEADS * HEAD_SIZE,
        pooled_projection_dim=2 * TEXT_WIDTH,
        pos_embed_max_size=LATENT_SIZE,
        qk_norm="rms_norm",
    )
