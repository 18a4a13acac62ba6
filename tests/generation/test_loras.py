"""LoRAs on pipelines: found, named in the revision, loaded at their scale."""

from __future__ import annotations

import pytest
import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from tiny import flux

from negjudge.errors import NegjudgeError
from negjudge.generation.loras import Lora, find_lora
from negjudge.generation.pipelines import find_model


@pytest.fixture(scope="module")
def lora_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lora")
    pipe = flux.build()
    pipe.transformer.add_adapter(LoraConfig(r=2, target_modules=["to_q"], init_lora_weights=False))
    weights = get_peft_model_state_dict(pipe.transformer)
    type(pipe).save_lora_weights(folder, transformer_lora_layers=weights)
    return folder


def latents(pipe):
    return pipe(prompt="a car", generator=torch.Generator().manual_seed(0), **flux.call_arguments()).images


def test_a_lora_is_loaded_at_its_scale(lora_folder):
    name = "pytorch_lora_weights.safetensors"
    plain = latents(flux.build())
    moved = []
    for scale in (0.0, 0.5, 1.0):
        pipe = flux.build()
        find_lora(Lora(str(lora_folder), name, scale=scale)).load_into(pipe)
        moved.append((latents(pipe) - plain).abs().max().item())
    assert moved[0] < 1e-5 < 1e-3 < moved[1] < moved[2]


def test_the_revision_names_the_lora(lora_folder, model_folder):
    name = "pytorch_lora_weights.safetensors"
    plain = find_model(str(model_folder)).revision
    with_lora = find_model(str(model_folder), lora=Lora(str(lora_folder), name, scale=0.5)).revision
    assert with_lora.startswith(f"{plain} + {lora_folder}/{name}@sha256-")
    assert with_lora.endswith("*0.5")


def test_a_lora_that_is_missing_or_of_another_model_is_refused(lora_folder, model_folder, tmp_path):
    with pytest.raises(NegjudgeError, match=r"there is no .*other.safetensors; set lora.weight_name"):
        find_lora(Lora(str(lora_folder), "other.safetensors"))
    wider = {
        name: torch.cat([weight, weight], dim=int("lora_A" in name))  # the model's layers have other sizes
        for name, weight in load_file(lora_folder / "pytorch_lora_weights.safetensors").items()
    }
    save_file(wider, tmp_path / "wider.safetensors")
    lora = Lora(str(tmp_path), "wider.safetensors")
    with pytest.raises(NegjudgeError, match=r"is no LoRA for this StableDiffusion3Pipeline"):
        _ = find_model(str(model_folder), lora=lora).pipe
