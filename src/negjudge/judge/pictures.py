"""Pictures of any kind that a judge is given, brought to RGB; or the reason why that cannot be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from negjudge.pictures import PictureError, to_rgb

Picture: TypeAlias = "str | os.PathLike[str] | Image.Image | np.ndarray | torch.Tensor"


def is_one_picture(images: Picture | Sequence[Picture]) -> bool:
    """Tell one picture from a batch: arrays and tensors with four axes, and other sequences, are batches."""
    if isinstance(images, np.ndarray | torch.Tensor):
        return images.ndim < 4
    return isinstance(images, str | os.PathLike | Image.Image)


def load_picture(source: Picture) -> Image.Image:
    """Return an RGB picture from a path, a PIL picture, an array or a tensor.

    Arrays are (height, width), (height, width, 1, 3 or 4); tensors are (1, 3 or 4, height, width) too.
    Integers count to 255, floats to 1. Transparency is laid on white, a camera's orientation applied.
    Raises PictureError.
    """
    if isinstance(source, np.ndarray | torch.Tensor):
        return to_rgb(Image.fromarray(_bytes(source)))
    try:
        if isinstance(source, Image.Image):
            return to_rgb(source)
        if isinstance(source, str | os.PathLike):
            with Image.open(_file(source)) as picture:
                return to_rgb(picture)
    except UnidentifiedImageError:
        raise PictureError(f"{source} is not a picture, or a broken one") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureError(f"{_name(source)} is not a readable picture: {error}") from None
    kind = type(source).__name__
    raise PictureError(f"cannot judge a {kind}; give a path, a PIL picture, an array or a tensor")


def readable(source: Picture) -> Image.Image | str:
    """Return ``load_picture`` of a picture, or the reason, in one line, why it cannot be judged."""
    try:
        return load_picture(source)
    except PictureError as error:
        return str(error)


def _file(path: str | os.PathLike[str]) -> Path:
    if str(path).startswith(("http://", "https://")):
        raise PictureError(f"{path} is an address, and nothing is fetched; save it and give its path")
    if not Path(path).is_file():
        raise PictureError(f"there is no picture {path}")
    return Path(path)


def _bytes(source: np.ndarray | torch.Tensor) -> np.ndarray:
    values = source if isinstance(source, np.ndarray) else _channels_last(source)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    if not (values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))) or 0 in values.shape:
        shape = tuple(source.shape)
        raise PictureError(f"cannot judge an array of shape {shape}; a picture is (height, width, 3)")
    if np.issubdtype(values.dtype, np.floating):
        if not np.isfinite(values).all() or values.min() < -1e-3 or values.max() > 1 + 1e-3:
            raise PictureError("cannot judge an array of floats outside 0 to 1")
        values = np.rint(np.clip(values, 0, 1) * 255)
    elif values.dtype == bool or values.min() < 0 or values.max() > 255:
        raise PictureError(f"cannot judge an array of {values.dtype}, or of values outside 0 to 255")
    return np.ascontiguousarray(values.astype(np.uint8))


def _channels_last(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    values: np.ndarray = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    return values.transpose(1, 2, 0) if values.ndim == 3 and values.shape[0] in (1, 3, 4) else values


def _name(source: Picture) -> str:
    return str(source) if isinstance(source, str | os.PathLike) else "this"
