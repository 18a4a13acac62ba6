"""Which pictures are labelled, and the copies of them that the server may show."""

from __future__ import annotations

import os
import re
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from negjudge.data.durable import write_atomically
from negjudge.data.pairs import read_pairs, select_pairs
from negjudge.data.records import Sample, append_records, read_records
from negjudge.data.runs import IMAGES, SAMPLES, read_picture
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError

_ID = re.compile(r"[\w-]{1,100}", re.ASCII)
_PNG = b"\x89PNG\r\n\x1a\n"


def choose_samples(
    folder: Path, pairs: str | None, splits: str | None, parts: Sequence[str], per_pair: int | None
) -> list[Sample]:
    """Return the samples of a run folder to label, in an order that tells nothing of their making.

    Of each pair ``per_pair`` are drawn, all when None. Order and draw are by id, which is a hash: the same
    whenever asked, and no method is favoured. Raises NegjudgeError when there are none.
    """
    samples = read_records(folder / SAMPLES, Sample)
    if not samples:
        raise NegjudgeError(f"{folder / SAMPLES} has no samples; run `make generate` first")
    for sample in samples:
        if not _ID.fullmatch(sample.id):
            raise NegjudgeError(
                f"{folder / SAMPLES}: {sample.id!r} cannot name a file; give the sample another id"
            )
    if parts:
        if not pairs or not splits:
            raise NegjudgeError("key 'parts' needs the files 'pairs' and 'splits' too")
        chosen = {pair.id for pair in select_pairs(read_pairs(pairs), read_splits(splits), parts)}
        samples = [sample for sample in samples if sample.pair in chosen]
    if not samples:
        raise NegjudgeError(f"{folder / SAMPLES} has no sample of the pairs in {', '.join(parts)}")
    by_pair: dict[str, list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda one: one.id):
        by_pair[sample.pair].append(sample)
    drawn = [sample for group in by_pair.values() for sample in group[:per_pair]]
    return sorted(drawn, key=lambda one: one.id)


def adopt(samples: Sequence[Sample], source: Path, run: Path) -> None:
    """Copy samples and their pictures of another run folder into this one, which it stays independent of."""
    known = {sample.id for sample in read_records(run / SAMPLES, Sample)}
    missing = [sample for sample in samples if sample.id not in known]
    for sample in missing:
        image = f"{IMAGES}/{sample.id}.png"
        write_atomically(run / image, _png(source, sample))
        append_records(run / SAMPLES, [replace(sample, image=image)])


def _png(run: Path, sample: Sample) -> bytes:
    """Return the recorded picture of a sample; NegjudgeError where there is none, or it is no PNG."""
    content = read_picture(run, sample)
    if not content.startswith(_PNG):
        raise NegjudgeError(f"{run / sample.image} is no PNG, and only PNGs are shown; record it as one")
    return content


def serve_pictures(samples: Sequence[Sample], run: Path, folder: Path) -> None:
    """Put the pictures, checked, where the server may show them: PNGs alone, one link each where it can be.

    The server hands out whatever lies there, HTML and SVG as active content, so nothing else ever does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for sample in samples:
        _png(run, sample)
        source, shown = run / sample.image, folder / f"{sample.id}.png"
        if shown.exists() and os.path.samefile(source, shown):
            continue
        shown.unlink(missing_ok=True)
        try:
            os.link(source, shown)
        except OSError:  # another file system, or one without links
            shutil.copyfile(source, shown)
