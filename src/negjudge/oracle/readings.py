"""The oracle's readings of a run's pictures: made where they are missing, kept in oracle.jsonl."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from negjudge.data.records import Sample, append_records, read_records
from negjudge.data.runs import ORACLE, read_picture
from negjudge.progress import progress_bar
from negjudge.recipes import load_function

BATCH = 64


@dataclass(frozen=True)
class SampleReading:
    """What a reader saw in a sample's picture; object ``None`` means unreadable.

    ``residual`` is what the reader could not explain of the picture, ``difficulty`` runs from 0, easy, to 1.
    ``sha256`` is of the picture that was read, ``reader`` who read it.
    """

    sample: str
    object: str | None
    parts: tuple[str, ...]
    residual: float
    difficulty: float
    sha256: str
    reader: str


def read_pictures(run: Path, samples: Sequence[Sample], reader: str) -> dict[str, SampleReading]:
    """Return the readings of samples by id, reading only pictures that this reader has not read yet.

    Raises PictureFault where a picture is missing or is not the one that its sample records.
    """
    wanted = {sample.id: sample for sample in samples}
    known = {r.sample: r for r in read_records(run / ORACLE, SampleReading) if _is_current(r, wanted, reader)}
    missing = [sample for sample in samples if sample.id not in known]
    if missing:
        with progress_bar("oracle", len(wanted), "pictures", len(known)) as advance:
            for readings in _read(run, missing, reader):
                append_records(run / ORACLE, readings)
                known |= {reading.sample: reading for reading in readings}
                advance(len(readings))
    return known


def _is_current(reading: SampleReading, wanted: Mapping[str, Sample], reader: str) -> bool:
    sample = wanted.get(reading.sample)
    return sample is not None and (reading.sha256, reading.reader) == (sample.sha256, reader)


def _read(run: Path, samples: Sequence[Sample], reader: str) -> Iterator[list[SampleReading]]:
    read = load_function(reader, "reader")
    for start in range(0, len(samples), BATCH):
        batch = samples[start : start + BATCH]
        for sample in batch:
            read_picture(run, sample)  # which raises, where it is not the recorded one
        paths = [run / sample.image for sample in batch]
        yield [
            SampleReading(
                sample=sample.id,
                object=seen.object,
                parts=tuple(seen.parts),
                residual=float(seen.residual),
                difficulty=float(seen.difficulty),
                sha256=sample.sha256,
                reader=reader,
            )
            for sample, seen in zip(batch, read(paths), strict=True)
        ]
