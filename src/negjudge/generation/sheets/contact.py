"""Contact sheets: rows of one pair and seed, a column a method, so that eyes can compare."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from negjudge.data.durable import write_changed
from negjudge.data.records import Sample
from negjudge.data.runs import CONTROL, SHEETS
from negjudge.guidance.methods import METHOD_NAMES
from negjudge.pictures import encoded

INK, FAINT, ACCENT, PAPER = "#1a1a1a", "#6b6b6b", "#b3261e", "#ffffff"
MARGIN, GAP, LABEL, HEADING = 16, 6, 200, 26


@dataclass(frozen=True)
class Row:
    """One line of a sheet: its label's lines, a picture (or none) for each column, and their own headings."""

    label: tuple[str, ...]
    pictures: tuple[Path | None, ...]
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """What is drawn: a title, a heading (name and setting) for each column, the rows, a line below.

    ``negative`` stands in red under the title; ``label_width`` is the room for the rows' labels in pixels.
    """

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    note: str = ""
    negative: str = ""
    label_width: int = LABEL


def write_run_sheets(
    run: Path, test: Sequence[Sample], judge: Sequence[Sample], control: Sequence[Sample]
) -> list[Path]:
    """Draw every sheet of a run into ``sheets/``: test, judge and control pictures.

    ``control`` are samples of the run's folder control/.
    """
    files = write_sheets(run, test, "test", "Test pairs")
    files += write_sheets(run, judge, "judge", "Pairs of the judge")
    return files + write_sheets(
        run, _below(CONTROL, control), "control", "Control: the wrong element is named"
    )


def write_sheets(
    run: Path, samples: Sequence[Sample], name: str, title: str, rows_a_sheet: int = 8, cell: int = 160
) -> list[Path]:
    """Draw the first seed of every pair, and return the files ``sheets/NAME-01.png`` and so on."""
    rows = _rows(run, samples)
    pages = [rows[start : start + rows_a_sheet] for start in range(0, len(rows), rows_a_sheet)]
    files = []
    for number, page in enumerate(pages, start=1):
        sheet = Sheet(f"{title}, {number} of {len(pages)}", _columns(samples), tuple(page), _note(samples[0]))
        files.append(_save(sheet, run / SHEETS / f"{name}-{number:02d}.png", cell))
    for stale in set((run / SHEETS).glob(f"{name}-[0-9][0-9].png")) - set(files):
        stale.unlink()
    return files


def draw_sheet(sheet: Sheet, cell: int, height: int | None = None) -> Image.Image:
    """Return the sheet as an RGB picture, each sample ``cell`` wide and ``height`` (or as much) high."""
    size = (cell, cell if height is None else height)
    width = MARGIN * 2 + sheet.label_width + max(3, *_widths(sheet)) * (cell + GAP)
    title, note = _title(sheet, width - 2 * MARGIN), _wrapped(sheet.note, 12, width - 2 * MARGIN, 3)
    drop = 44 if any(setting for _, setting in sheet.columns) else 26 if sheet.columns else 0
    head = 52 + drop + 26 * (len(title) - 1)
    steps = [size[1] + GAP + (HEADING if row.headings else 0) for row in sheet.rows]
    page = Image.new("RGB", (width, head + sum(steps) + 2 * MARGIN + max(1, len(note)) * 16 - 2), PAPER)
    pen = ImageDraw.Draw(page)
    for number, (line, colour) in enumerate(title):
        pen.text((MARGIN, MARGIN + 26 * number), line, colour, font(20))
    for column, (name, setting) in enumerate(sheet.columns):
        left = MARGIN + sheet.label_width + column * (cell + GAP)
        pen.text((left, head - drop), name, INK, _fitting(name, cell, 18))
        pen.text((left, head - 21), setting, FAINT, _fitting(setting, cell, 12))
    for row, top in zip(sheet.rows, itertools.accumulate(steps, initial=head), strict=False):
        _draw_row(page, sheet, row, top, size)
    for number, line in enumerate(note):
        pen.text((MARGIN, page.height - MARGIN + 2 - 16 * (len(note) - number)), line, FAINT, font(12))
    return page


def _widths(sheet: Sheet) -> list[int]:
    return [len(sheet.columns), *(len(row.pictures) for row in sheet.rows)]


def _title(sheet: Sheet, width: int) -> list[tuple[str, str]]:
    """Return the lines over the pictures with their colours; at least one."""
    title = [(line, INK) for line in _wrapped(sheet.title, 20, width, 6)]
    return [*title, *((line, ACCENT) for line in _wrapped(sheet.negative, 20, width, 3))] or [("", INK)]


def _draw_row(page: Image.Image, sheet: Sheet, row: Row, top: int, size: tuple[int, int]) -> None:
    pen = ImageDraw.Draw(page)
    below = top + (HEADING if row.headings else 0)
    _draw_label(pen, row.label, below + size[1] // 2)
    for column, path in enumerate(row.pictures):
        left = MARGIN + sheet.label_width + column * (size[0] + GAP)
        if row.headings:
            pen.text((left, top), row.headings[column], INK, _fitting(row.headings[column], size[0], 18))
        if path is not None:
            page.paste(_scaled(path, size), (left, below))


def _draw_label(pen: ImageDraw.ImageDraw, label: Sequence[str], middle: int) -> None:
    """Centre a label's lines on a height: the prompt, what should go, and smaller what else is said."""
    styles = [(INK, 18, 20), (ACCENT, 18, 20), *[(FAINT, 13, 28)] * len(label)]
    lines = [
        (line, colour, size)
        for text, (colour, size, width) in zip(label, styles, strict=False)
        for line in textwrap.wrap(text, width)
    ]
    top = middle - sum(size + 6 for _, _, size in lines) // 2
    for line, colour, size in lines:
        pen.text((MARGIN, top), line, colour, font(size))
        top += size + 6


def _scaled(path: Path, size: tuple[int, int]) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _fitting(text: str, width: int, largest: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the largest font up to a size in which a text is at most ``width`` pixels wide."""
    return next(
        (font(size) for size in range(largest, 9, -1) if font(size).getlength(text) <= width), font(9)
    )


def _wrapped(text: str, size: int, width: int, most: int) -> list[str]:
    """Break a text into at most ``most`` lines of ``width`` pixels; what is beyond ends in three dots."""
    # A line is seldom a fifth longer in letters than the text's mean width says.
    most_letters = int(1.2 * width * len(text) / max(1, font(size).getlength(text))) + 1
    for characters in range(min(most_letters, len(text)), 0, -1):
        lines = textwrap.wrap(text, characters, max_lines=most, placeholder="…")
        if all(font(size).getlength(line) <= width for line in lines):
            return lines
    return []


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the letters of every sheet, in pixels."""
    return ImageFont.load_default(size)


def _below(folder: str, samples: Sequence[Sample]) -> list[Sample]:
    return [dataclasses.replace(sample, image=f"{folder}/{sample.image}") for sample in samples]


def _column_of(sample: Sample) -> tuple[str, str]:
    if sample.serves == "judge":  # each of them has a setting of its own
        return METHOD_NAMES[sample.method], "drawn strengths" if sample.params else ""
    shown = (f"{name} {value:g}" for name, value in sample.params.items() if type(value) in (int, float))
    return METHOD_NAMES[sample.method], ", ".join(shown)


def _columns(samples: Sequence[Sample]) -> tuple[tuple[str, str], ...]:
    order = {method: place for place, method in enumerate(METHOD_NAMES)}
    ordered = sorted(samples, key=lambda sample: order.get(sample.method, len(order)))
    return tuple(dict.fromkeys(_column_of(sample) for sample in ordered))


def _firsts(samples: Sequence[Sample]) -> list[Sample]:
    """Return one sample for each pair and negative prompt: the first, whose seed is the row's."""
    firsts: dict[tuple[str, str], Sample] = {}
    for sample in samples:
        firsts.setdefault((sample.pair, sample.negative), sample)
    return list(firsts.values())


def _rows(run: Path, samples: Sequence[Sample]) -> list[Row]:
    columns = _columns(samples)
    found: Mapping[tuple[str, str, int, tuple[str, str]], Path] = {
        (s.pair, s.negative, s.seed, _column_of(s)): run / s.image for s in samples
    }
    return [
        Row(
            (s.prompt, f"without {s.negative}", *_remark(s), f"seed {s.seed}"),
            tuple(found.get((s.pair, s.negative, s.seed, column)) for column in columns),
        )
        for s in _firsts(samples)
    ]


def _remark(sample: Sample) -> list[str]:
    """Return what a row of the control needs said: that the pair's own element is not what is named."""
    return [] if sample.element in sample.negative else [f"the {sample.element} should stay"]


def _note(sample: Sample) -> str:
    return f"{sample.model} ({sample.revision[:14]}), {sample.steps} steps, {sample.width} by {sample.height}"


def _save(sheet: Sheet, path: Path, cell: int) -> Path:
    write_changed(path, encoded(draw_sheet(sheet, cell), "PNG"))
    return path
