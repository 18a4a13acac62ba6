"""How a picture was made, kept with it: in the PNG itself, and as JSON in a file beside it."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negjudge.data.durable import write_atomically, write_changed
from negjudge.errors import NegjudgeError
from negjudge.generation.pipelines import DTYPES, Model
from negjudge.generation.sweeps.plan import Asked
from negjudge.generation.sweeps.values import is_seed
from negjudge.generation.videos import Drawn, encode_mp4, middle_frame
from negjudge.guidance import method_from
from negjudge.pictures import encoded
from negjudge.version import __version__

if TYPE_CHECKING:
    from PIL import Image

KEY = "negjudge"
"""The PNG's text chunk that holds the record."""
PACKAGES = ("torch", "diffusers", "transformers")
RENDERED = "rendered"
"""The record's part that is known only after the picture is made: the pipeline's call, with its defaults."""
_TYPES: dict[str, type] = {
    **dict.fromkeys(("prompt", "negative", "method", "model", "revision", "device", "dtype"), str),
    **dict.fromkeys(("settings", "call", "versions"), dict),
    "seed": int,
}


def record_of(asked: Asked, model: Model) -> dict[str, Any]:
    """Return everything that determines a picture, as JSON has it: two equal records are one picture."""
    record = {
        "prompt": asked.prompt,
        "negative": asked.negative,
        "method": asked.method.name,
        "settings": asked.method.params,
        "seed": asked.seed,
        "call": dict(asked.call),
        **model.identity,
        "versions": {
            "negjudge": __version__,
            **{name: importlib.metadata.version(name) for name in PACKAGES},
        },
    }
    plain: dict[str, Any] = json.loads(json.dumps(record))
    return plain


def asked_from(record: Mapping[str, Any]) -> Asked:
    """Return what a record asks for; NegjudgeError where a method or setting in it is not known here."""
    method = method_from(record["method"], record["settings"])
    return Asked(record["prompt"], record["negative"], method, record["seed"], record["call"])


def save_picture(path: Path, drawn: Drawn, record: Mapping[str, Any], call: Mapping[str, Any]) -> None:
    """Write a picture with its record, then the record beside it.

    Of a video the picture is the middle frame; the whole is written first, as MP4 beside it.
    """
    if isinstance(drawn, list):
        write_atomically(path.with_suffix(".mp4"), encode_mp4(drawn))
        drawn = middle_frame(drawn)
    rendered = {**call, "width": drawn.width, "height": drawn.height}
    save_png(path, drawn, {**record, RENDERED: rendered})


def save_png(path: Path, image: Image.Image, record: Mapping[str, Any]) -> None:
    """Write a PNG that carries a record, then the record beside it; a file that is the same is left alone."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text(KEY, json.dumps(record))
    write_changed(path, encoded(image, "PNG", pnginfo=info))
    write_beside(path, record)


def write_beside(path: Path, record: Mapping[str, Any]) -> None:
    """Write a picture's record into the JSON file beside it, unless it stands there."""
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_changed(path.with_suffix(".json"), text)


def is_made(path: Path, record: Mapping[str, Any]) -> bool:
    """Tell whether a file is the picture of this record; if so, see to the JSON beside it."""
    try:
        held = _read_text(path)
    except NegjudgeError:
        return False
    if not isinstance(held, dict) or {name: held[name] for name in held if name != RENDERED} != record:
        return False
    write_beside(path, held)
    return True


def read_record(path: Path) -> dict[str, Any]:
    """Return the record that a picture carries.

    Raises NegjudgeError where there is no such PNG, it carries none, or one that is broken or a sheet's.
    """
    record = _read_text(path)
    if record is None:
        raise NegjudgeError(
            f"{path} does not say how it was made: it has no {KEY!r} text from `negjudge generate`"
        )
    if isinstance(record, dict) and isinstance(record.get("pictures"), list):
        raise NegjudgeError(f"{path} is a sheet of {len(record['pictures'])} pictures; give one of them")
    faulty = [name for name, kind in _TYPES.items() if not _fits(record, name, kind)]
    if not faulty and not (record["dtype"] in DTYPES and is_seed(record["seed"])):
        faulty = ["dtype or seed"]
    if faulty:
        raise NegjudgeError(f"{path}: its {KEY!r} text has no usable {', '.join(faulty)}")
    return dict(record)


def _fits(record: Any, name: str, kind: type) -> bool:
    return isinstance(record, dict) and type(record.get(name)) is kind


def _read_text(path: Path) -> Any:
    """Return the parsed text chunk, None where the PNG has none."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=("PNG",)) as image:
            image.load()
            text = image.info.get(KEY)
        return None if text is None else json.loads(text)
    except FileNotFoundError:
        raise NegjudgeError(f"there is no picture {path}") from None
    except IsADirectoryError:
        raise NegjudgeError(f"{path} is a folder; give a picture in it") from None
    except (UnidentifiedImageError, SyntaxError, OSError):
        raise NegjudgeError(f"{path} is no PNG, or a torn one") from None
    except (ValueError, RecursionError) as error:
        raise NegjudgeError(f"{path}: its {KEY!r} text cannot be read ({error})") from None


def check_records_ours(pictures: Iterable[Path]) -> None:
    """Raise NegjudgeError where the JSON file beside a picture to be made is someone else's."""
    for path in pictures:
        beside = path.with_suffix(".json")
        try:
            held = json.loads(beside.read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            held = None
        if not isinstance(held, dict) or not {"prompt", "versions"} <= held.keys():
            raise NegjudgeError(
                f"--output: {path.name} needs {beside} for its record, which holds something else; "
                "choose another name"
            )
