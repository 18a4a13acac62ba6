"""Finding a diffusers pipeline, naming exactly which one it is, and loading it."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from negjudge.data.durable import files_sha256
from negjudge.errors import NegjudgeError
from negjudge.generation.loras import FoundLora, Lora, find_lora
from negjudge.hub_ids import from_hub, is_hub_id, no_folder

# torch and diffusers are imported where they are used: they take ten seconds and more, and a run that is
# complete needs neither.

INDEX = "model_index.json"
DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Model:
    """A pipeline that is loaded when it is first used.

    ``revision`` is the Hub's commit, or "sha256-" and 16 hex over what a folder's pipeline is made of.
    ``device`` is "cpu", "cuda" or "mps"; ``dtype`` one of ``DTYPES``. The revision names a
    ``lora``, too.
    """

    name: str
    folder: Path
    revision: str
    device: str = "cpu"
    dtype: str = "float32"
    offload: bool = False
    lora: FoundLora | None = None

    @property
    def identity(self) -> dict[str, str]:
        """What tells this pipeline from others in the record of a picture that it made."""
        return {
            "model": self.name,
            "revision": self.revision,
            "dtype": self.dtype,
            "device": self.device,
        }

    @cached_property
    def pipe(self) -> Any:
        """The loaded pipeline on its device; NegjudgeError where a part of the folder cannot be read."""
        import torch

        # bitsandbytes, which diffusers imports, warns about an optional package of its own.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        from diffusers import DiffusionPipeline

        dtype = getattr(torch, self.dtype)
        try:
            with _one_bar():
                pipe = DiffusionPipeline.from_pretrained(self.folder, dtype=dtype, **_left_out(self.folder))
        except Exception as error:  # safetensors, JSON and import errors alike mean an unreadable folder
            raise NegjudgeError(f"cannot load the pipeline {self.name}: {error}; get it anew") from error
        pipe.set_progress_bar_config(disable=True)
        if self.lora:
            self.lora.load_into(pipe)
        if self.offload:
            pipe.enable_model_cpu_offload(device=self.device)
            return pipe
        return pipe.to(self.device)


def find_model(
    name: str,
    revision: str | None = None,
    device: str = "auto",
    dtype: str = "float32",
    offload: bool = False,
    lora: Lora | None = None,
) -> Model:
    """Find a pipeline folder, or fetch a Hub id, and fix its revision; the weights are not read into memory.

    ``revision`` is a branch, tag or commit and goes with a Hub id alone. ``device`` "auto" takes CUDA, then
    MPS, then the CPU; ``offload`` keeps the parts that wait in main memory. Raises NegjudgeError where
    there is no such folder or LoRA, the Hub does not give it, the device is not there, or there is nothing to
    offload from.
    """
    if dtype not in DTYPES:
        raise NegjudgeError(f"dtype {dtype!r} is not one of {', '.join(DTYPES)}")
    device = find_device(device)
    if offload and device == "cpu":
        raise NegjudgeError("offload keeps a GPU's memory free, and the device is the CPU; leave it out")
    folder = Path(name)
    if folder.is_dir():
        if revision is not None:
            raise NegjudgeError(
                f"revision {revision!r} goes with a Hub id, and {name} is a folder; leave it out"
            )
        return _with_lora(Model(name, folder, folder_revision(folder), device, dtype, offload), lora)
    if not is_hub_id(name):
        raise NegjudgeError(f"{no_folder(name)}; set `model` to a pipeline folder or a Hub id")
    folder = _fetch(name, revision)
    return _with_lora(Model(name, folder, folder.name, device, dtype, offload), lora)


def _with_lora(model: Model, lora: Lora | None) -> Model:
    if lora is None:
        return model
    found = find_lora(lora)
    return dataclasses.replace(model, revision=f"{model.revision} + {found.name}", lora=found)


def folder_revision(folder: Path) -> str:
    """Return "sha256-" and 16 hex over model_index.json and the files of every component that it names.

    Logs and notes that lie beside them do not count.
    """
    components = [name for name, kind in _components(folder).items() if any(kind)]
    files = sorted(p for name in components for p in (folder / name).glob("**/*") if p.is_file())
    digest = hashlib.sha256()
    for path in (folder / INDEX, *files):
        digest.update(f"{path.relative_to(folder).as_posix()} {files_sha256([path])}\n".encode())
    return f"sha256-{digest.hexdigest()[:16]}"


def _components(folder: Path) -> dict[str, list[str | None]]:
    """Return the components in a folder's index: name to library and class, both None for one left out."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return {name: kind for name, kind in index.items() if isinstance(kind, list)}
    except (OSError, ValueError, AttributeError):
        raise NegjudgeError(
            f"{folder / INDEX} is missing or unreadable, so {folder} is no diffusers pipeline; get it anew"
        ) from None


def _left_out(folder: Path) -> dict[str, None]:
    """Return the components that diffusers loads only when told that there are none, such as SD3's T5."""
    return {name: None for name, kind in _components(folder).items() if not any(kind)}


@contextlib.contextmanager
def _one_bar() -> Iterator[None]:
    """Leave diffusers' bar over the components alone, without transformers' own for each of them."""
    from transformers.utils import logging as transformers_logging

    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()


def _fetch(name: str, revision: str | None) -> Path:
    """Download a pipeline, or find it in the Hub's cache; the snapshot's folder is named by its commit."""
    from diffusers import DiffusionPipeline

    with from_hub(name):
        return Path(DiffusionPipeline.download(name, revision=revision))


def find_device(device: str) -> str:
    """Return the device, for "auto" the best one here; NegjudgeError where it is not on this machine."""
    if device == "cpu":
        return device
    import torch

    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, there in found.items() if there)
    if device not in found:
        raise NegjudgeError(f"device {device!r} is not one of auto, {', '.join(found)}")
    if not found[device]:
        raise NegjudgeError(f"device {device} is not there on this machine; use --device auto")
    return device
