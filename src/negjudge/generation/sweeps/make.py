"""The pictures of a plan on the disk: made where they are missing, and drawn together on a sheet."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negjudge.data.durable import write_atomically
from negjudge.generation.pipelines import Model
from negjudge.generation.sweeps.plan import Picture, Plan
from negjudge.generation.sweeps.provenance import is_made, record_of, save_picture, save_png
from negjudge.generation.sweeps.single import check_call, make_picture
from negjudge.generation.sweeps.values import label
from negjudge.generation.videos import Drawn, middle_frame
from negjudge.guidance.methods import AttentionGuidance
from negjudge.pictures import encoded
from negjudge.progress import progress_bar

if TYPE_CHECKING:
    from negjudge.guidance import AttentionRecord


def make_pictures(
    model: Model, pictures: Sequence[Picture], given: Collection[str] = (), maps: bool = False
) -> int:
    """Make the pictures that are not there yet, each written when it is made; return how many are new.

    With ``maps`` each guided picture gets a sheet beside it of its attention to the negative's tokens.

    ``given`` are the call's arguments that a person chose. One picture shows the pipeline's bar over its
    steps, several a bar over pictures.
    """
    records = {picture.path: record_of(picture.asked, model) for picture in pictures}
    missing = [
        picture
        for picture in pictures
        if not is_made(picture.path, records[picture.path])
        or (maps and _is_guided(picture) and not map_of(picture.path).exists())
    ]
    if not missing:
        return 0
    from negjudge.guidance import AttentionRecord

    check_call(model, missing[-1].asked, given)
    several = len(pictures) > 1
    done = len(pictures) - len(missing)
    with progress_bar("generating", len(pictures), "pictures", done, several) as advance:
        for picture in missing:
            record = AttentionRecord() if maps and _is_guided(picture) else None
            drawn, call = make_picture(model, picture.asked, not several, record)
            if record is not None:
                _save_map(picture.path, drawn, record)
            save_picture(picture.path, drawn, records[picture.path], call)
            advance()
    return len(missing)


def map_of(path: Path) -> Path:
    """Return where a picture's sheet of attention lies."""
    return path.with_name(f"{path.stem}-attention.png")


def _is_guided(picture: Picture) -> bool:
    return isinstance(picture.asked.method, AttentionGuidance)


def _save_map(path: Path, drawn: Drawn, record: AttentionRecord) -> None:
    from negjudge.generation.sheets.heatmaps import draw_heatmaps

    sheet = draw_heatmaps(middle_frame(drawn) if isinstance(drawn, list) else drawn, record)
    write_atomically(map_of(path), encoded(sheet, "PNG"))


def save_sheet(plan: Plan, model: Model) -> None:
    """Draw the plan's pictures, which lie on the disk, on its sheet; the list of them goes with it."""
    from PIL import Image

    from negjudge.generation.sheets.contact import Row, Sheet, draw_sheet

    if plan.sheet is None:
        return
    pictures = plan.pictures
    asked = pictures[-1].asked
    sheet = Sheet(
        asked.prompt,
        tuple((heading, "") for heading in plan.columns),
        tuple(
            Row(
                (line.label,) if line.label else (),
                tuple(picture.path for picture in line.pictures),
                () if plan.columns else tuple(picture.heading for picture in line.pictures),
            )
            for line in plan.lines
        ),
        _note(plan, model),
        negative=f"without {asked.negative}" if asked.negative else "",
        label_width=_label_width(plan),
    )
    with Image.open(pictures[0].path) as first:
        width, height = first.size
    cell = _cell(width, max(len(line.pictures) for line in plan.lines))
    save_png(plan.sheet, draw_sheet(sheet, cell, round(cell * height / width)), _sheet_record(plan, model))


def _cell(width: int, across: int) -> int:
    """Return a picture's width on the sheet: its own within reason, less on a wide sheet."""
    return max(64, min(max(width, 160), 384, 4000 // across))


def _label_width(plan: Plan) -> int:
    longest = max(len(line.label) for line in plan.lines)
    return min(200, 30 + 9 * longest) if longest else 0


def _sheet_record(plan: Plan, model: Model) -> dict[str, Any]:
    asked = plan.pictures[-1].asked
    common = record_of(asked, model)
    listed = [
        {
            "file": picture.path.name,
            "method": picture.asked.method.name,
            "settings": picture.asked.method.params,
            "seed": picture.asked.seed,
        }
        for picture in plan.pictures
    ]
    return {
        **{name: value for name, value in common.items() if name not in ("method", "settings", "seed")},
        "pictures": json.loads(json.dumps(listed)),
    }


def _note(plan: Plan, model: Model) -> str:
    """Say below the sheet what all of its guided pictures share: method, settings, seed, model, call."""
    guided = [picture.asked for picture in plan.pictures if picture.asked.method.guides]
    asked = (guided or [plan.pictures[0].asked])[0]
    shared = [
        label(name, value)
        for name, value in asked.method.params.items()
        if all(other.method.params.get(name) == value for other in guided)
    ]
    call = [
        label("steps" if name == "num_inference_steps" else name, value) for name, value in asked.call.items()
    ]
    seeds = {picture.asked.seed for picture in plan.pictures}
    seed = [f"seed {asked.seed}"] if len(seeds) == 1 else []
    name = Path(model.name).name if model.folder == Path(model.name) else model.name
    parts = (
        ", ".join([asked.method.title, *shared]),
        f"{name} ({model.revision[:14]})",
        ", ".join([*call, *seed]),
    )
    return "; ".join(filter(None, parts))


def with_defaults(plan: Plan, defaults: dict[str, Any]) -> Plan:
    """Return the plan with the model's own call arguments under those that were asked for."""

    def filled(picture: Picture) -> Picture:
        asked = dataclasses.replace(picture.asked, call={**defaults, **picture.asked.call})
        return dataclasses.replace(picture, asked=asked)

    lines = (dataclasses.replace(line, pictures=tuple(map(filled, line.pictures))) for line in plan.lines)
    return dataclasses.replace(plan, lines=tuple(lines))
