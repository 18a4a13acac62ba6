"""The folder external/ of a run: samples of other generators' pictures, and where each came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from negjudge.data.durable import write_atomically
from negjudge.data.records import DEVICE, Pair, Sample, append_records, read_records, sample_id, write_records
from negjudge.data.runs import EXTERNAL, IMAGES, SAMPLES, picture_fault
from negjudge.external.manifest import Entry
from negjudge.guidance.methods import UNGUIDED
from negjudge.pictures import fingerprint, load, png

SOURCES, RETIRED = "sources.jsonl", "retired.jsonl"

Key = tuple[str, str, int]
"""Pair, method and seed, which together name one picture."""


@dataclass(frozen=True)
class Source:
    """Where a sample came from: the file's name, the fingerprint of its pixels, what it cost."""

    sample: str
    file: str
    pixels: str
    evaluations: int | None


@dataclass(frozen=True)
class Held:
    """A sample whose picture the store holds, with its source."""

    sample: Sample
    source: Source


def read_external(run: Path) -> list[Sample]:
    """Return the samples from elsewhere; ``image`` is relative to the run folder, as of its own samples."""
    samples = read_records(run / EXTERNAL / SAMPLES, Sample)
    return [replace(sample, image=f"{EXTERNAL}/{sample.image}") for sample in samples]


def read_evaluations(run: Path) -> dict[str, int]:
    """Return the denoiser evaluations of one picture by method, where all its rows say the same."""
    said = {source.sample: source.evaluations for source in read_records(run / EXTERNAL / SOURCES, Source)}
    by_method: dict[str, set[int | None]] = {}
    for sample in read_records(run / EXTERNAL / SAMPLES, Sample):
        by_method.setdefault(sample.method, set()).add(said.get(sample.id))
    one = {method: next(iter(found)) for method, found in by_method.items() if len(found) == 1}
    return {method: evaluations for method, evaluations in one.items() if evaluations is not None}


def key_of(record: Sample | Entry) -> Key:
    """Return what names a picture; a manifest's row has its seed by then."""
    return record.pair, record.method, record.seed or 0


class Store:
    """The folder as far as it is sound: a sample whose picture is gone or changed may be brought again."""

    def __init__(self, folder: Path, pairs: Mapping[str, Pair]) -> None:
        """Read what the folder holds, ``held`` by key; nothing where it is not there yet."""
        self.folder, self.pairs = folder, pairs
        samples = read_records(folder / SAMPLES, Sample)
        sources = {source.sample: source for source in read_records(folder / SOURCES, Source)}
        self.recorded = {key_of(sample) for sample in samples}
        self.held = {
            key_of(sample): Held(sample, sources.get(sample.id) or self._source(sample))
            for sample in samples
            if not picture_fault(folder, sample)
        }

    def _source(self, sample: Sample) -> Source:
        return Source(sample.id, "", fingerprint(load(self.folder / sample.image)), None)

    def differs(self, entry: Entry, pixels: str) -> str | None:
        """Return in what a row differs from the sample of its key, None where it does not."""
        held = self.held[key_of(entry)]
        if held.source.pixels != pixels:
            return "another picture"
        stored = (held.sample.prompt, held.sample.negative, held.sample.revision, held.source.evaluations)
        if stored != (*self._prompts(entry), entry.model, entry.evaluations):
            return "another prompt, negative, model or number of evaluations"
        return None

    def _prompts(self, entry: Entry) -> tuple[str, str]:
        """Return prompt and negative prompt: the manifest's, else the pair's."""
        pair = self.pairs[entry.pair]
        unguided = "" if entry.method == UNGUIDED else pair.negative
        return entry.prompt or pair.prompt, unguided if entry.negative is None else entry.negative

    def add(self, entry: Entry, picture: Image.Image) -> None:
        """Put a picture, its source and its record on the disk, in this order; set aside what it replaces."""
        content, (prompt, negative) = png(picture), self._prompts(entry)
        sha256, (pair, method, seed) = hashlib.sha256(content).hexdigest(), key_of(entry)
        name = sample_id(pair=pair, method=method, seed=seed, sha256=sha256)
        sample = Sample(
            id=name, pair=pair, object=self.pairs[pair].object, element=self.pairs[pair].element,
            prompt=prompt, negative=negative, method=method, params={}, seed=seed,
            image=f"{IMAGES}/{name}.png", sha256=sha256, model=method, revision=entry.model, steps=0,
            width=picture.width, height=picture.height, device=DEVICE, dtype="",
        )  # fmt: skip
        write_atomically(self.folder / sample.image, content)
        if key_of(entry) in self.recorded:
            self._retire(key_of(entry))
        append_records(
            self.folder / SOURCES, [Source(name, entry.image, fingerprint(picture), entry.evaluations)]
        )
        append_records(self.folder / SAMPLES, [sample])

    def _retire(self, key: Key) -> None:
        samples = read_records(self.folder / SAMPLES, Sample)
        old = [sample for sample in samples if key_of(sample) == key]
        append_records(self.folder / RETIRED, old)
        write_records(self.folder / SAMPLES, [sample for sample in samples if sample not in old])
