"""A real, tiny, untrained Stable Diffusion 3 in a folder, and a recipe that makes pictures with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, PreTrainedTokenizerFast

from negjudge.data.pairs import read_pairs
from negjudge.data.records import Pair, write_records
from negjudge.generation.jobs import Rendering
from negjudge.generation.pipelines import Model, find_model

SPECIAL = ["<pad>", "<begin>", "<end>", "<unknown>"]
PARTS = {"bicycle": ("wheels", "seat", "rear basket"), "kettle": ("lid", "handle", "spout"), "cat": ("tail",)}
PAIRS = [
    Pair(f"{o}-{e.replace(' ', '-')}", o, e, f"a {o}", e, others=tuple(x for x in parts if x != e))
    for o, parts in PARTS.items()
    for e in parts
]
SETTINGS = {
    "cfg": {"scale": 3.0},
    "vsf": {"scale": 1.0, "offset": 0.5},
    "nag": {"phi": 4.0, "tau": 2.5, "alpha": 0.25},
    "nasa": {"scale": 0.2},
}


def _tokenizer() -> PreTrainedTokenizerFast:
    words = sorted({word for pair in PAIRS for word in f"{pair.prompt} {pair.negative}".split()})
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unknown>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<begin> $A <end>", special_tokens=[("<begin>", 1), ("<end>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<begin>",
        eos_token="<end>",
        pad_token="<pad>",
        unk_token="<unknown>",
        model_max_length=8,
    )


def _text_encoder() -> CLIPTextModelWithProjection:
    sizes = {"hidden_size": 32, "intermediate_size": 64, "projection_dim": 32, "num_attention_heads": 2}
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    config = CLIPTextConfig(vocab_size=32, num_hidden_layers=2, max_position_embeddings=8, **sizes, **ids)
    return CLIPTextModelWithProjection(config).eval()


def tiny_pipeline() -> StableDiffusion3Pipeline:
    """Return a pipeline of 32 by 32 pictures, with the same weights every time."""
    torch.manual_seed(0)
    transformer = SD3Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        num_attention_heads=2,
        attention_head_dim=32,
        joint_attention_dim=64,
        caption_projection_dim=64,
        pooled_projection_dim=64,
        pos_embed_max_size=8,
    )
    vae = AutoencoderKL(
        latent_channels=4,
        block_out_channels=(16, 16, 16),
        down_block_types=["DownEncoderBlock2D"] * 3,
        up_block_types=["UpDecoderBlock2D"] * 3,
        norm_num_groups=4,
        use_quant_conv=False,
        use_post_quant_conv=False,
        shift_factor=0.0,
        scaling_factor=1.0,
    )
    return StableDiffusion3Pipeline(
        transformer=transformer.eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae.eval(),
        text_encoder=_text_encoder(),
        tokenizer=_tokenizer(),
        text_encoder_2=_text_encoder(),
        tokenizer_2=_tokenizer(),
        text_encoder_3=None,
        tokenizer_3=None,
    )


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "tiny"
    tiny_pipeline().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def model(model_folder: Path) -> Model:
    return find_model(str(model_folder), device="cpu")


@pytest.fixture
def rendering() -> Rendering:
    return Rendering(steps=2, width=32, height=32, batch_size=4, arguments={"max_sequence_length": 8})


@pytest.fixture
def pairs(recipe_values: Mapping[str, Any]) -> dict[str, Pair]:
    return read_pairs(recipe_values["pairs"])


@pytest.fixture
def recipe_values(tmp_path: Path, model_folder: Path) -> dict[str, Any]:
    """What a recipe for the tiny model says: 3 test pairs, 2 judge pairs, and a control."""
    ids = [pair.id for pair in PAIRS]
    splits = {
        "methods": {"dev": ids[3:5], "test": ids[:3]},
        "judge": {"train": ids[5:6], "validation": ids[6:], "seen": [], "new_object": [], "new_element": []},
        "strict": {"objects": [], "elements": []},
    }
    write_records(tmp_path / "pairs.jsonl", PAIRS)
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(SETTINGS))
    return {
        "run": str(tmp_path / "run"),
        "pairs": str(tmp_path / "pairs.jsonl"),
        "splits": str(tmp_path / "splits.json"),
        "settings": str(tmp_path / "settings.yaml"),
        "model": str(model_folder),
        "steps": 2,
        "width": 32,
        "height": 32,
        "batch_size": 4,
        "arguments": {"max_sequence_length": 8},
        "test": {"splits": ["methods/test"], "seeds": 3},
        "judge": {"splits": ["judge/train", "judge/validation"], "seeds": 1},
        "control": {"splits": ["methods/test"], "seeds": 1},
    }
