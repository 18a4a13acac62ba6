"""A LoRA on a diffusers pipeline, such as one that makes it need few steps: found, named, loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.data.durable import files_sha256
from negjudge.errors import NegjudgeError, first_line
from negjudge.hub_ids import from_hub, is_hub_id, no_folder


@dataclass(frozen=True)
class Lora:
    """Which LoRA to load, and how strong."""

    model: str
    """A folder, or a Hub id."""
    weight_name: str
    """Its file of weights there."""
    revision: str | None = None
    """Branch, tag or commit of a Hub id."""
    scale: float = 1.0
    """What its weights are multiplied by."""


@dataclass(frozen=True)
class FoundLora:
    """A LoRA whose file is here. ``revision`` is the Hub's commit, or "sha256-" and 16 hex of the file."""

    lora: Lora
    file: Path
    revision: str

    @property
    def name(self) -> str:
        """What a record says of it: source, file, revision and scale."""
        return f"{self.lora.model}/{self.lora.weight_name}@{self.revision}*{self.lora.scale:g}"

    def load_into(self, pipe: Any) -> None:
        """Load it into a pipeline. Raises NegjudgeError where it does not fit."""
        try:
            pipe.load_lora_weights(str(self.file.parent), weight_name=self.file.name, adapter_name="negjudge")
            pipe.set_adapters("negjudge", self.lora.scale)
        except Exception as error:  # diffusers, peft and safetensors each raise their own
            kind = type(pipe).__name__
            raise NegjudgeError(
                f"{self.file} is no LoRA for this {kind} ({first_line(error)}); check `lora`"
            ) from error


def find_lora(lora: Lora) -> FoundLora:
    """Find a LoRA's file in a folder, or fetch it. Raises NegjudgeError where it is not there."""
    folder = Path(lora.model)
    if folder.is_dir():
        file = folder / lora.weight_name
        if not file.is_file():
            raise NegjudgeError(f"there is no {file}; set lora.weight_name to the LoRA's file")
        return FoundLora(lora, file, f"sha256-{files_sha256([file])[:16]}")
    if not is_hub_id(lora.model):
        raise NegjudgeError(f"{no_folder(lora.model)}; set lora.model to the LoRA's folder or a Hub id")
    from huggingface_hub import hf_hub_download

    with from_hub(lora.model, f"its {lora.weight_name}"):
        file = Path(hf_hub_download(lora.model, lora.weight_name, revision=lora.revision))
    # A file in a subfolder of the repository lies as deep in the snapshot, which is named by its commit.
    return FoundLora(lora, file, file.parents[lora.weight_name.count("/")].name)
