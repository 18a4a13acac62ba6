"""A picture file from elsewhere: found inside its folder, opened with care, brought to RGB; or why not."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path, PureWindowsPath

from PIL import Image

from negjudge.judge_pictures import PictureError, to_rgb

# Formats that Pillow decodes itself: others call programs (EPS) or are no pictures for the eye.
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM")
SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".ppm"))
LARGEST = 8192 * 8192  # pixels; nothing larger comes from a generator, and a few bytes can claim to be


def inside(folder: Path, name: str) -> Path:
    """Return the file that a manifest names; PictureError where it is not a file inside the folder."""
    if Path(name).is_absolute() or PureWindowsPath(name).drive or ".." in PureWindowsPath(name).parts:
        raise PictureError(f"{name!r} is not a path inside the folder of pictures")
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise PictureError(f"{name!r} leads out of the folder of pictures")
        if path.is_file():
            return path
        there = path.exists()
    except (OSError, ValueError, RuntimeError):  # a name too long, with a zero byte, a loop of links
        raise PictureError(f"{name!r} cannot be a file's name") from None
    raise PictureError(f"{name!r} is not a file" if there else f"there is no picture {name!r}")


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
    buffer = io.BytesIO()
    bare = Image.frombytes("RGB", picture.size, picture.tobytes())  # without the info that save() copies
    bare.save(buffer, "PNG")
    return buffer.getvalue()


def unnamed(folder: Path, named: Collection[str]) -> Iterator[str]:
    """Yield the pictures of a folder, by their ending, that no row names; in order."""
    files = {(folder / name) for name in named}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            if path.suffix.lower() in SUFFIXES and path not in files:
                yield str(path.relative_to(folder))
