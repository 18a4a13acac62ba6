"""The oracle checked by eye: ``python -m minilab.by_eye draw``, a person's answers, then ``… compare``.

``draw`` takes 60 of a run's test pictures of each method and lays them out shuffled, without their method, on
numbered sheets. The eye answers in ``verdicts.txt``, a line a picture: its number, then y, n or ? for the
object and for the element. ``compare`` counts how often the oracle reads kept or removed otherwise.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from minilab.oracle import read_files
from negjudge.data.durable import write_atomically
from negjudge.data.records import Sample, read_records, write_records
from negjudge.data.runs import SAMPLES
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError, command
from negjudge.oracle.outcomes import outcome

PER_METHOD = 60
COLUMNS, ROWS = 10, 6
ZOOM, WIDTH, HEIGHT = 2, 150, 168
ANSWERS = {"y": True, "n": False, "?": None}


@dataclass(frozen=True)
class Shown:
    """One numbered picture of the sheets, without its method."""

    number: int
    sample: str
    sha256: str
    object: str
    element: str


@dataclass(frozen=True)
class Seen:
    """What the eye saw in a numbered picture; None where it could not tell."""

    object: bool | None
    element: bool | None

    @property
    def outcome(self) -> tuple[bool, bool] | None:
        """Return kept and removed."""
        return None if self.object is None or self.element is None else (self.object, not self.element)


def draw_check(run: Path, folder: Path, seed: int = 0, per_method: int = PER_METHOD) -> list[Path]:
    """Draw the sheets and the list of what is on them; the same for a run and a seed."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = read_splits(Path("data/mini/splits.json")).methods["test"]
    rng, chosen = random.Random(seed), []
    samples = [
        sample
        for sample in read_records(run / SAMPLES, Sample)
        if sample.pair in pairs and sample.serves != "judge"
    ]
    for method in sorted({sample.method for sample in samples}):
        chosen += rng.sample(
            sorted((s for s in samples if s.method == method), key=lambda s: s.id), per_method
        )
    rng.shuffle(chosen)
    shown = [
        Shown(number, sample.id, sample.sha256, sample.object, sample.element)
        for number, sample in enumerate(chosen, start=1)
    ]
    write_records(folder / "pictures.jsonl", shown)
    files = []
    for start in range(0, len(shown), COLUMNS * ROWS):
        path = folder / f"sheet-{start // (COLUMNS * ROWS) + 1}.png"
        images = [run / sample.image for sample in chosen[start : start + COLUMNS * ROWS]]
        _page(shown[start : start + COLUMNS * ROWS], images).save(path)
        files.append(path)
    return files


def _page(shown: list[Shown], images: list[Path]) -> Image.Image:
    page = Image.new("RGB", (COLUMNS * WIDTH, ROWS * HEIGHT), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    for place, (one, path) in enumerate(zip(shown, images, strict=True)):
        left, top = place % COLUMNS * WIDTH, place // COLUMNS * HEIGHT
        with Image.open(path) as image:
            big = image.resize((image.width * ZOOM, image.height * ZOOM), Image.Resampling.NEAREST)
        page.paste(big, (left + 4, top + 4))
        pen.text((left + 4, top + 134), f"{one.number} {one.object}", "black", font)
        pen.text((left + 4, top + 149), one.element, "firebrick", font)
    return page


def read_verdicts(path: Path) -> dict[int, Seen]:
    """Read lines like "17 y n"; NegjudgeError names a line of another form."""
    seen = {}
    for line, text in enumerate(path.read_text().splitlines(), start=1):
        words = text.split()
        if len(words) != 3 or not words[0].isdigit() or not {*words[1:]} <= ANSWERS.keys():
            raise NegjudgeError(
                f'{path}:{line} is {text!r}, expected a number and twice y, n or ?, as "17 y n"'
            )
        seen[int(words[0])] = Seen(ANSWERS[words[1]], ANSWERS[words[2]])
    return seen


def compare(run: Path, folder: Path) -> dict[str, dict[str, int]]:
    """Return each method's pictures that the eye could tell, how many the oracle misread, and the unclear."""
    shown = read_records(folder / "pictures.jsonl", Shown)
    seen = read_verdicts(folder / "verdicts.txt")
    samples = {sample.id: sample for sample in read_records(run / SAMPLES, Sample)}
    stale = [o.number for o in shown if o.sample not in samples or samples[o.sample].sha256 != o.sha256]
    if stale or seen.keys() != {one.number for one in shown}:
        raise NegjudgeError(
            f"{folder} is of other pictures than {run}, or verdicts are missing; draw and answer again"
        )
    readings = read_files([run / samples[one.sample].image for one in shown])
    counts: dict[str, Counter[str]] = {}
    for one, reading in zip(shown, readings, strict=True):
        sample, eye = samples[one.sample], seen[one.number].outcome
        read = outcome(sample, reading)
        count = counts.setdefault(sample.method, Counter(pictures=0, wrong=0, unclear=0))
        if eye is None:
            count["unclear"] += 1
            continue
        count["pictures"] += 1
        if (read.kept, read.removed) != eye:
            count["wrong"] += 1
            print(f"{one.number} {sample.method} {one.object}/{one.element}: eye {eye}, oracle {reading}")
    return {method: dict(count) for method, count in sorted(counts.items())}


@command
def main(argv: list[str] | None = None) -> None:
    """Draw the sheets, or compare the answers with the oracle."""
    parser = argparse.ArgumentParser(prog="python -m minilab.by_eye", allow_abbrev=False)
    parser.add_argument("what", choices=("draw", "compare"))
    parser.add_argument("--run", type=Path, default=Path("runs/mini"))
    parser.add_argument("--folder", type=Path, default=Path("data/mini/oracle-check"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    if arguments.what == "draw":
        print(*draw_check(arguments.run, arguments.folder, arguments.seed), sep="\n")
        return
    counts = compare(arguments.run, arguments.folder)
    write_atomically(arguments.folder / "check.json", json.dumps(counts, indent=1) + "\n")
    print(json.dumps(counts), f"in {arguments.folder / 'check.json'}")


if __name__ == "__main__":
    sys.exit(main())
