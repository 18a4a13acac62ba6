"""Picture files of any origin: opened with care, brought to RGB, told apart by their pixels."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from negjudge.errors import NegjudgeError

# Formats that Pillow decodes itself: others call programs (EPS) or are no pictures for the eye.
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM")
LARGEST = 8192 * 8192  # pixels; nothing larger comes from a generator, and a few bytes can claim to be


def load(path: Path) -> Image.Image:
    """Return a picture in RGB, its orientation applied, free of metadata; PictureError says why not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata, which is dropped
        try:
            with Image.open(path, formats=FORMATS) as picture:
                _check(picture)
                picture.load()
                return to_rgb(picture)
        except PictureError:
            raise
        except Image.DecompressionBombError:
            raise PictureError(_TOO_LARGE) from None
        except OSError as error:
            reason = error.strerror or str(error).replace(str(path), path.name)
            raise PictureError(f"it is no readable picture ({' '.join(reason.split())})") from None
        except Exception:  # a broken file makes Pillow's readers raise nearly anything
            raise PictureError("it is no readable picture (broken)") from None


_TOO_LARGE = f"it has more than {LARGEST // 10**6} million pixels"


def _check(picture: Image.Image) -> None:
    if picture.width * picture.height > LARGEST:
        raise PictureError(_TOO_LARGE)
    frames = (
        1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
    )  # a phone's JPEG with a preview
    if frames > 1:
        raise PictureError(f"it has {frames} frames; give one picture")


def fingerprint(picture: Image.Image) -> str:
    """Return the SHA-256 of size and pixels of an RGB picture: the same in whatever file it came."""
    digest = hashlib.sha256(f"{picture.width}x{picture.height}:".encode())
    digest.update(picture.tobytes())
    return digest.hexdigest()


def png(picture: Image.Image) -> bytes:
    """Return an RGB picture as a PNG that holds pixels alone."""
    bare = Image.frombytes("RGB", picture.size, picture.tobytes())  # without the info that save() copies
    return encoded(bare, "PNG")


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the bytes of a picture's file of a kind, such as "PNG", with the options of Pillow for it."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


LONGEST_RATIO = 200  # Qwen2.5-VL's picture processing takes no picture that is longer in one direction


class PictureError(NegjudgeError):
    """This picture cannot be judged; the message says why, on one line."""


def to_rgb(picture: Image.Image) -> Image.Image:
    """Return a PIL picture in RGB, upright, transparency on white; PictureError where it is too narrow."""
    if min(picture.size) < 1 or max(picture.size) > LONGEST_RATIO * min(picture.size):
        raise PictureError(f"cannot judge a picture of {picture.width}x{picture.height} pixels")
    picture = _upright(picture)
    if picture.mode.startswith("I") or picture.mode == "F":  # PIL would clip them at 255
        picture = _in_bytes(picture)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # broken metadata raises nearly anything, and says nothing of the pixels
        return picture


def _in_bytes(picture: Image.Image) -> Image.Image:
    """Return a picture of one wide channel in 8 bits; PictureError where its values have no known range.

    Floats up to 1 count to 1. Whole numbers count to the least of 8, 12 and 16 bits that holds the largest.
    """
    import numpy as np

    values = np.asarray(picture, dtype=np.float64)
    largest, whole = values.max(initial=0), picture.mode != "F"
    ranges = (255.0, 4095.0, 65535.0) if whole else (1.0, 255.0, 65535.0)
    scale = next((one for one in ranges if largest <= one), None)
    if scale is None or not np.isfinite(values).all() or values.min(initial=0) < 0:
        raise PictureError(f"cannot judge a picture of mode {picture.mode} with values outside 0 to 65535")
    return Image.fromarray(np.rint(values * 255 / scale).astype(np.uint8))


def opened(path: Path, side: int | None = None) -> Image.Image:
    """Return a picture as RGB, at most ``side`` pixels a side.

    Raises NegjudgeError, naming the file, where it is no picture.
    """
    try:
        with Image.open(path) as image:
            if side is not None and max(image.size) > side:
                image.draft("RGB", (2 * side, 2 * side))
                # Reducing by a whole factor first is many times as fast, and as good at this size.
                image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            return image.convert("RGB")
    except (OSError, ValueError):
        raise NegjudgeError(f"{path} is no picture; make it again, or bring it in again") from None
