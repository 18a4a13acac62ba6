"""What a frozen vision tower makes of pictures: computed once, kept on disk, put in the pictures' places."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from negjudge.data.durable import files_sha256, write_atomically
from negjudge.data.runs import require_free_space
from negjudge.judge.pictures import load_picture

Kept = dict[str, torch.Tensor]  # "features" (tokens, width) and "grid" (3,)


class PictureFeatures:
    """The vision features of pictures, each computed when first asked for.

    ``model`` is the Qwen2.5-VL model with its language head, whose vision tower must not change. A file in
    ``folder`` is named by the picture's bytes, the processor's settings and the tower's weights, so that
    features of other pictures, sizes or towers are never taken for these.
    """

    def __init__(self, folder: Path, model: Any, processor: Any) -> None:
        self.folder, self.model, self.processing = folder, model, processor.image_processor
        settings = json.dumps(self.processing.to_dict(), sort_keys=True, default=str)
        self.origin = f"{weights_fingerprint(model.model.visual)}\n{settings}\n".encode()

    def __call__(self, images: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the features (tokens of all pictures, width) and the grids (pictures, 3), on the CPU."""
        kept = {image: self._read(image) for image in images}
        missing = [image for image, found in kept.items() if found is None]
        found = {**kept, **(self._compute(missing) if missing else {})}
        whole = [one for image in images if (one := found[image]) is not None]
        return torch.cat([one["features"] for one in whole]), torch.stack([one["grid"] for one in whole])

    def require_room(self, images: Sequence[str]) -> None:
        """Raise NegjudgeError where the disk has too little room for what is still to be kept."""
        patches = sum(self._patches(image) for image in images if not self.file(image).exists())
        values = patches // self.processing.merge_size**2 * self.model.config.vision_config.out_hidden_size
        self.folder.mkdir(parents=True, exist_ok=True)
        require_free_space(self.folder, values * self.model.dtype.itemsize / 1e6 * 1.05 + 200)

    def file(self, image: str) -> Path:
        """Return where the features of a picture are kept."""
        return self.folder / f"{files_sha256([Path(image)], head=self.origin)}.safetensors"

    def _patches(self, image: str) -> int:
        with Image.open(image) as picture:
            return int(self.processing.get_number_of_image_patches(picture.height, picture.width))

    def _read(self, image: str) -> Kept | None:
        try:
            return load_file(self.file(image))
        except (FileNotFoundError, SafetensorError):  # not yet, or torn by a power cut
            return None

    @torch.no_grad()
    def _compute(self, images: Sequence[str]) -> dict[str, Kept]:
        inputs = self.processing(images=[load_picture(image) for image in images], return_tensors="pt")
        grids = inputs["image_grid_thw"]
        device, dtype = self.model.device, self.model.dtype
        features = self.model.model.get_image_features(
            inputs["pixel_values"].to(device, dtype), grids.to(device), return_dict=True
        ).pooler_output
        found = {
            image: {"features": one.cpu().contiguous(), "grid": grid.clone()}
            for image, one, grid in zip(images, features, grids, strict=True)
        }
        for image, kept in found.items():
            write_atomically(self.file(image), save(kept))
        return found


def weights_fingerprint(module: torch.nn.Module) -> str:
    """Return the SHA-256 over a module's weights in memory, their names and types."""
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def freeze_vision(model: Any) -> None:
    """Run the vision tower without gradients, whatever asks for them.

    Gradient checkpointing makes every embedding's output require gradients, the tower's patches too: a frozen
    tower would be computed again and gone back through in every step, for nothing.
    """
    tower = model.model.visual
    tower.forward = torch.no_grad()(tower.forward)


@contextlib.contextmanager
def filled(model: Any, features: torch.Tensor) -> Iterator[None]:
    """Put ``features`` (tokens, width) where the picture tokens stand, as the model does with its tower's.

    It is done where the embedding is looked up, within the forward pass, where sharded weights are whole.
    """
    token = model.config.image_token_id

    def fill(_: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        return output.masked_scatter((inputs[0] == token)[..., None], features.to(output))

    hook = model.get_input_embeddings().register_forward_hook(fill)
    try:
        yield
    finally:
        hook.remove()
