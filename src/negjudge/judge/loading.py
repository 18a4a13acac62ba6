"""From a folder or a Hub id to a model in memory: merged weights, or a LoRA in its base."""

from __future__ import annotations

import contextlib
import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from safetensors import SafetensorError, safe_open

from negjudge.data.durable import files_sha256
from negjudge.errors import NegjudgeError
from negjudge.hub_ids import from_hub, is_hub_id, no_folder
from negjudge.judge.settings import Base, JudgeSettings, read_judge_settings

# Packages look for compiled kernels when peft is imported, and warn about what nobody asked for.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)

MODEL_TYPES = ("qwen2_5_vl",)
ADAPTER, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


@dataclass(frozen=True)
class Loaded:
    """A judge in memory; ``model`` is the Qwen2.5-VL model itself, with the LoRA inside its layers if any."""

    model: Any
    processor: Any
    settings: JudgeSettings
    folder: Path


def load(
    source: str,
    revision: str | None = None,
    device: str | None = None,
    dtype: torch.dtype | None = None,
) -> Loaded:
    """Load a judge from a folder or a Hub id; NegjudgeError where it is missing, torn or of another kind."""
    folder = find_judge(source, revision)
    settings = read_judge_settings(folder)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = dtype or (torch.float32 if device == "cpu" else torch.bfloat16)
    base = find_base(folder, settings.base) if (folder / ADAPTER).is_file() else folder
    model = load_model(base, dtype)
    if base != folder:
        model = with_adapter(model, folder).get_base_model()
    return Loaded(model.to(device).eval().requires_grad_(False), load_processor(folder), settings, folder)


def find_judge(source: str, revision: str | None = None) -> Path:
    """Return the folder of a model: the folder itself, or the snapshot of a Hub id."""
    folder = Path(source)
    if folder.is_dir():
        if not (folder / "config.json").is_file() and not (folder / ADAPTER).is_file():
            raise NegjudgeError(f"{folder} holds no model: neither config.json nor {ADAPTER} is in it")
        return folder
    if not is_hub_id(source):
        raise NegjudgeError(f"{no_folder(source)}; make it first, or name another")
    with from_hub(source):
        return Path(snapshot_download(source, revision=revision))


def load_processor(folder: Path) -> Any:
    """Load the processor of a model folder."""
    from transformers import AutoProcessor

    with _one_line(folder):
        return AutoProcessor.from_pretrained(folder)


def load_model(folder: Path, dtype: torch.dtype | None = None, **options: Any) -> Any:
    """Load a Qwen2.5-VL model; refuses other kinds, and weights that are torn or do not fit.

    Attention is PyTorch's own, which takes the mask that keeps packed questions apart.
    """
    from transformers import Qwen2_5_VLForConditionalGeneration

    with _one_line(folder):
        kind = json.loads((folder / "config.json").read_text()).get("model_type")
        if kind not in MODEL_TYPES:
            raise NegjudgeError(
                f"{folder} holds a model of type {kind}; a judge needs {' or '.join(MODEL_TYPES)}"
            )
        model, info = Qwen2_5_VLForConditionalGeneration.from_pretrained(
            folder, dtype=dtype or "auto", attn_implementation="sdpa", output_loading_info=True, **options
        )
    wrong = [*info["missing_keys"], *map(str, info["mismatched_keys"])]
    if wrong:
        raise NegjudgeError(
            f"{folder} lacks fitting weights for {wrong[0]} and {len(wrong) - 1} more; get it anew"
        )
    return model


@contextlib.contextmanager
def _one_line(folder: Path) -> Iterator[None]:
    try:
        with quiet():
            yield
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise NegjudgeError(f"cannot load the model in {folder}: {reason}") from None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what libraries say to each other's developers, and their bars, from whoever runs a judge."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def with_adapter(model: Any, folder: Path) -> Any:
    """Return the model wrapped by peft with the folder's LoRA, each of its weights accounted for."""
    from peft import PeftModel, get_peft_model_state_dict

    with _one_line(folder):
        warnings.filterwarnings("ignore", "Found missing adapter keys")  # refused below, in one line
        tuned = PeftModel.from_pretrained(model, folder, autocast_adapter_dtype=False)
        with safe_open(folder / ADAPTER_WEIGHTS, "pt") as file:
            saved = set(file.keys())
    if saved != set(get_peft_model_state_dict(tuned)):
        raise NegjudgeError(f"the LoRA in {folder} does not fit its base model; train again")
    return tuned


def find_base(folder: Path, base: Base | None) -> Path:
    """Find the base of an adapter: by the way from its folder, from here, or on the Hub."""
    if base is None:  # an adapter that another program saved
        base = Base(str(json.loads((folder / ADAPTER).read_text()).get("base_model_name_or_path")))
    ways = [Path(base.id)] if base.path is None else [folder.resolve() / base.path, Path(base.id)]
    for way in ways:
        if (way / "config.json").is_file():
            return _same_base(way, base, folder)
    if base.path is None and (base.revision or is_hub_id(base.id)):
        return find_judge(base.id, base.revision)
    raise NegjudgeError(
        f"the judge in {folder} was tuned from {base.id}, which is not at {base.path or base.id} from there"
        " nor from here; put both folders back in their places"
    )


def _same_base(place: Path, base: Base, folder: Path) -> Path:
    if base.sha256 is not None and weights_sha256(place) != base.sha256:
        raise NegjudgeError(f"{place} is not what the judge in {folder} was tuned from; train it again")
    return place


def weights_sha256(folder: Path) -> str:
    """Return the SHA-256 over a folder's safetensors files, by name."""
    return files_sha256(sorted(folder.glob("*.safetensors")))
