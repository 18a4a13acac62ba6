"""Pictures of any kind that a judge is given, brought to RGB; or the reason why that cannot be."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from negjudge.errors import NegjudgeError
from negjudge.pictures import PictureError, to_rgb

Picture: TypeAlias = "str | os.PathLike[str] | Image.Image | np.ndarray | torch.Tensor | bytes | IO[bytes]"


def is_one_picture(images: Picture | Sequence[Picture]) -> bool:
    """Tell one picture from a batch: arrays and tensors with four axes, and other sequences, are batches."""
    if isinstance(images, np.ndarray | torch.Tensor):
        return images.ndim < 4
    return isinstance(images, str | os.PathLike | Image.Image | bytes | bytearray) or hasattr(images, "read")


def as_batch(images: Picture | Iterable[Picture] | None) -> Sequence[Picture]:
    """Return pictures as a batch: one of them alone, and what can only be walked through, too.

    Raises NegjudgeError for what is no picture and no list of them, and for what has no order.
    """
    if is_one_picture(images):  # type: ignore[arg-type]
        return [images]  # type: ignore[list-item]
    if not isinstance(images, Iterable) or isinstance(images, Mapping | Set):
        what = "None" if images is None else f"a {type(images).__name__}"
        raise NegjudgeError(
            f"images is {what}; give a path, a PIL picture, an array, a tensor, bytes, or a list of them"
        )
    return images if isinstance(images, Sequence | np.ndarray | torch.Tensor) else list(images)  # type: ignore[return-value]


def load_picture(source: Picture) -> Image.Image:
    """Return an RGB picture from a path, a PIL picture, an array, a tensor, a file's bytes or an open file.

    Arrays and tensors are (height, width), (height, width, 1, 3 or 4) or (1 or 3, height, width), tensors
    (4, height, width) too. Integers count to 255, floats to 1. Transparency is laid on white, a camera's
    orientation applied. Raises PictureError.
    """
    if isinstance(source, np.ndarray | torch.Tensor):
        return to_rgb(Image.fromarray(_bytes(source)))
    if isinstance(source, Image.Image):
        return _decoded(source, source)
    if isinstance(source, bytes | bytearray):
        return _decoded(source, io.BytesIO(source))
    if hasattr(source, "read"):
        return _decoded(source, source)
    if isinstance(source, str | os.PathLike):
        return _decoded(source, _file(source))
    kind = type(source).__name__
    raise PictureError(f"cannot judge a {kind}; give a path, a PIL picture, an array, a tensor or bytes")


def _decoded(source: Picture, file: Any) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata, which is dropped
        try:
            if isinstance(file, Image.Image):
                return to_rgb(file)
            with Image.open(file) as picture:
                return to_rgb(picture)
        except PictureError:
            raise
        except UnidentifiedImageError:
            raise PictureError(f"{_name(source)} is not a picture, or a broken one") from None
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            reason = " ".join(str(error).split())
            raise PictureError(f"{_name(source)} is not a readable picture: {reason}") from None
        except Exception as error:  # decoders raise nearly anything
            reason = type(error).__name__
            raise PictureError(f"{_name(source)} is not a readable picture: broken ({reason})") from None


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
    values = source if isinstance(source, np.ndarray) else _array_of(source)
    if values.dtype.kind not in "uifb":
        raise PictureError(f"cannot judge an array of {values.dtype}")
    if values.ndim == 3 and values.shape[2] not in (1, 3, 4) and values.shape[0] in (1, 3):
        values = values.transpose(1, 2, 0)
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


def _array_of(tensor: torch.Tensor) -> np.ndarray:
    """Return a tensor as an array, channels last where either end may be the channels."""
    if tensor.is_meta or tensor.is_complex():
        what = "a tensor without content" if tensor.is_meta else "a complex tensor"
        raise PictureError(f"cannot judge {what}; a picture is (3, height, width)")
    tensor = (tensor.to_dense() if tensor.layout != torch.strided else tensor).detach().cpu()
    values: np.ndarray = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    return values.transpose(1, 2, 0) if values.ndim == 3 and values.shape[0] in (1, 3, 4) else values


def _name(source: Picture) -> str:
    if isinstance(source, str | os.PathLike):
        return str(source)
    return str(getattr(source, "name", None) or "this")
