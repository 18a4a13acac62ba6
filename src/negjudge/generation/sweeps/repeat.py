"""`negjudge generate --from`: a picture made again from what it says of itself, and compared."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from negjudge.errors import NegjudgeError
from negjudge.generation.pipelines import find_device, find_model
from negjudge.generation.sweeps.make import make_pictures
from negjudge.generation.sweeps.plan import Output, Picture
from negjudge.generation.sweeps.provenance import asked_from, check_records_ours, read_record, record_of


def repeat(
    source: Path,
    output: Output,
    model: str | None = None,
    revision: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    offload: bool = False,
) -> str:
    """Make a picture again and return the line that says whether it is the same, pixel for pixel.

    What is None is as recorded; a device that is not here gives way to the best one. Where this machine
    differs from the record, a warning on stderr says in what.

    Raises NegjudgeError where the picture has no record, ``output`` is the picture itself, or its model is
    not found.
    """
    record = read_record(source)
    asked = asked_from(record)
    path = output.alone(source.name)
    if path.resolve() == source.resolve():
        raise NegjudgeError(f"--output is {path}, the picture to repeat; choose another name")
    check_records_ours([path])
    found = find_model(
        *_source(record, model, revision),
        device or _recorded_device(record),
        dtype or record["dtype"],
        offload,
    )
    picture = Picture(path, asked)
    differences = _differences(record, record_of(asked, found))
    if differences:
        print(f"warning: {source} was made with {', '.join(differences)}", file=sys.stderr)
    make_pictures(found, [picture])
    return _comparison(source, path)


def _source(record: Mapping[str, Any], model: str | None, revision: str | None) -> tuple[str, str | None]:
    """Return name and revision of the model: the record's unless others are given."""
    if model is not None:
        return model, revision
    name = record["model"]
    if Path(name).is_dir():
        return name, revision
    if record["revision"].startswith("sha256-"):
        raise NegjudgeError(f"--from: the model folder {name} is not here; say with --model where it is now")
    return name, revision or record["revision"]


def _recorded_device(record: Mapping[str, Any]) -> str:
    try:
        return find_device(record["device"])
    except NegjudgeError:
        return find_device("auto")


def _differences(record: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Return what is not as recorded, such as "torch 2.13 (here 2.14)"."""
    were = {**record["versions"], **{name: record[name] for name in ("revision", "device", "dtype")}}
    are = {**here["versions"], **{name: here[name] for name in ("revision", "device", "dtype")}}
    return [
        f"{name} {were.get(name, 'unknown')} (here {are[name]})"
        for name in are
        if were.get(name) != are[name]
    ]


def _comparison(original: Path, again: Path) -> str:
    with Image.open(original) as first, Image.open(again) as second:
        if first.size != second.size:
            return f"{again}: not identical to {original}: {_size(second)} pixels, not {_size(first)}"
        if first.mode == second.mode and first.tobytes() == second.tobytes():
            return f"{again}: identical to {original}, pixel for pixel"
        difference = ImageChops.difference(first.convert("RGB"), second.convert("RGB"))
    # 256 counts for each of red, green and blue.
    most = max(level % 256 for level, count in enumerate(difference.histogram()) if count)
    return f"{again}: not identical to {original}: pixels differ by up to {most} of 255"


def _size(image: Image.Image) -> str:
    return f"{image.width} by {image.height}"
