"""Which pictures `negjudge generate` makes, under which names, and how they stand on the sheet."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.errors import NegjudgeError
from negjudge.generation.sweeps.values import Sweep, Value, label
from negjudge.guidance import GuidanceMethod, Plain, method_from

SHEET = "sheet.png"
ACROSS = 8
"""Pictures in a line of a sheet that is no table."""


@dataclass(frozen=True)
class Asked:
    """What determines a picture, beside the model. ``call`` goes to the pipeline's call as it is."""

    prompt: str
    negative: str
    method: GuidanceMethod
    seed: int
    call: Mapping[str, Any]


@dataclass(frozen=True)
class Picture:
    """One picture to make: its file, what is asked for, and what sets it apart from the others."""

    path: Path
    asked: Asked
    heading: str = ""


@dataclass(frozen=True)
class Line:
    """One line of the sheet."""

    label: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Plan:
    """Lines of pictures, and where their sheet goes: nowhere where there is one picture.

    ``columns`` are the headings of a table; without them each picture has its own.
    """

    lines: tuple[Line, ...]
    sheet: Path | None
    columns: tuple[str, ...] = ()

    @property
    def pictures(self) -> list[Picture]:
        """Every picture once, line by line."""
        return list({each.path: each for line in self.lines for each in line.pictures}.values())


@dataclass(frozen=True)
class Output:
    """Where things go: a folder, and in it one file, or several whose names begin with its stem."""

    folder: Path
    file: Path | None

    def alone(self, name: str) -> Path:
        """Return the file of the only picture, or of the sheet; in a folder it has this name."""
        return self.file or self.folder / name

    def picture(self, *tags: str) -> Path:
        """Return the file of one picture among several."""
        stem = [self.file.stem] if self.file else []
        return self.folder / ("-".join([*stem, *(re.sub(r"[^\w.+-]", "_", tag) for tag in tags)]) + ".png")


def find_output(text: str) -> Output:
    """Return where ``--output`` leads: to a PNG in a folder that is there, or to a folder.

    A name that ends in a slash is a folder that may be new. Raises NegjudgeError for anything else.
    """
    path = Path(text)
    if path.is_dir():
        return Output(path, None)
    as_folder = text.endswith("/")
    if path.suffix.lower() == ".mp4":  # a video, whose middle frame holds the record
        path = path.with_suffix(".png")
    if not as_folder and path.suffix.lower() != ".png":
        raise NegjudgeError(
            f"--output is {text}, expected a name that ends in .png, or a folder, in / where it is new"
        )
    if not path.parent.is_dir():
        raise NegjudgeError(f"there is no folder {path.parent} to write {path.name} into; make it first")
    if as_folder and path.exists():
        raise NegjudgeError(f"--output is {text}, and {path} is a file; choose another name")
    return Output(path, None) if as_folder else Output(path.parent, path)


def plan_of(base: Asked, seeds: Sequence[int], sweeps: Sequence[Sweep], output: Output) -> Plan:
    """Lay out the pictures of every seed and every swept value.

    A sweep begins with a picture without guidance; with several seeds each has a line. Two sweeps are a
    table, the first across. Raises NegjudgeError where a value does not fit the method, or two sweeps
    meet several seeds.
    """
    if len(sweeps) == 2:
        if len(seeds) > 1:
            raise NegjudgeError("--seeds: two --sweep fill the sheet's columns and rows; give one --seed")
        return _table_of_settings(base, seeds[0], sweeps[0], sweeps[1], output)
    if sweeps and len(seeds) > 1:
        return _table_of_seeds(base, seeds, sweeps[0], output)
    if sweeps:
        return _wrapped(_swept(base, seeds[0], sweeps[0], output), output)
    if len(seeds) > 1:
        return _wrapped([_seeded(base, seed, output) for seed in seeds], output)
    alone = Picture(output.alone(f"seed{seeds[0]}.png"), _with(base, seeds[0]))
    return Plan((Line("", (alone,)),), None)


def _wrapped(pictures: Sequence[Picture], output: Output) -> Plan:
    """Break one line into as few as needed, as even as can be."""
    lines = -(-len(pictures) // ACROSS)
    across = -(-len(pictures) // lines)
    starts = range(0, len(pictures), across)
    return Plan(tuple(Line("", tuple(pictures[s : s + across])) for s in starts), output.alone(SHEET))


def _table_of_seeds(base: Asked, seeds: Sequence[int], sweep: Sweep, output: Output) -> Plan:
    lines = [Line(f"seed {seed}", tuple(_swept(base, seed, sweep, output))) for seed in seeds]
    return Plan(tuple(lines), output.alone(SHEET), _headings(sweep))


def _table_of_settings(base: Asked, seed: int, across: Sweep, down: Sweep, output: Output) -> Plan:
    def line(below: Value) -> Line:
        row = [_set(base, seed, {across.name: each, down.name: below}, output) for each in across.values]
        return Line(label(down.name, below), (_plain(base, seed, output), *row))

    return Plan(tuple(map(line, down.values)), output.alone(SHEET), _headings(across))


def _headings(sweep: Sweep) -> tuple[str, ...]:
    return (Plain.title, *(label(sweep.name, value) for value in sweep.values))


def _swept(base: Asked, seed: int, sweep: Sweep, output: Output) -> list[Picture]:
    guided = [_set(base, seed, {sweep.name: value}, output) for value in sweep.values]
    return [_plain(base, seed, output), *guided]


def _seeded(base: Asked, seed: int, output: Output) -> Picture:
    return Picture(output.picture(f"seed{seed}"), _with(base, seed), f"seed {seed}")


def _plain(base: Asked, seed: int, output: Output) -> Picture:
    asked = dataclasses.replace(_with(base, seed), method=Plain(), negative="")
    return Picture(output.picture(Plain.name, f"seed{seed}"), asked, Plain.title)


def _set(base: Asked, seed: int, settings: dict[str, Value], output: Output) -> Picture:
    shown = ", ".join(label(name, value) for name, value in settings.items())
    try:
        method = method_from(base.method.name, {**base.method.params, **settings})
    except NegjudgeError as error:
        raise NegjudgeError(f"--sweep at {shown}: {error}") from None
    tags = [label(name, value, "") for name, value in settings.items()]
    asked = dataclasses.replace(_with(base, seed), method=method)
    return Picture(output.picture(*tags, f"seed{seed}"), asked, shown)


def _with(base: Asked, seed: int) -> Asked:
    return dataclasses.replace(base, seed=seed)
