"""Samples from a diffusers pipeline: batched, resumable, each picture the same however often it is made."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.data.durable import write_atomically
from negjudge.data.records import Sample, append_records, read_records, sample_id, write_records
from negjudge.data.runs import IMAGES, SAMPLES, PictureFault, locked, picture_fault
from negjudge.generation.jobs import Job, Rendering
from negjudge.generation.pipelines import Model
from negjudge.generation.videos import Drawn, encode_mp4, middle_frame
from negjudge.pictures import encoded
from negjudge.progress import progress_bar

RETIRED = "retired.jsonl"


@dataclass(frozen=True)
class Made:
    """The samples in the order of the jobs, how many of them are new, and how many others were set aside."""

    samples: list[Sample]
    new: int
    retired: int

    def summary(self, run: Path) -> str:
        """Return the line that says what there is now, and where."""
        aside = f"; {self.retired} of other settings set aside in {RETIRED}" if self.retired else ""
        made = f"{len(self.samples)} pictures ({self.new} new) in {run / IMAGES}"
        return f"{made}, records in {run / SAMPLES}{aside}"


def generate(
    model: Model,
    jobs: Sequence[Job],
    run: Path,
    rendering: Rendering,
    repair: bool = False,
    bar: bool = True,
) -> Made:
    """Make the pictures of the jobs that the run folder does not hold yet.

    A picture lies in ``images/`` before its line stands in ``samples.jsonl``, so a killed run goes on where
    it was. Batches are fixed by the whole list of jobs, never by what is missing, and a short one is filled
    up with its last job: matrix products of other shapes round differently, and a resumed run would differ
    in pixels. Samples of other settings in the same folder move to ``retired.jsonl``, and come back from
    there when a recipe asks for them again. ``bar`` shows progress.

    Raises NegjudgeError where a picture in the folder is missing or not the one recorded (``repair`` makes
    it anew instead), where another process writes to the folder, and where the device's memory is too small.
    """
    plan = {job: _record(job, model, rendering) for job in jobs}
    run.mkdir(parents=True, exist_ok=True)
    with locked(run, "generate"):
        held, retired = _take_stock(run, {sample.id for sample in plan.values()}, repair)
        new = len(plan) - len(held)
        if new:
            pipe = model.pipe
            with progress_bar(str(run), len(plan), "pictures", len(held), bar) as advance:
                for sample in _missing(pipe, plan, held, run, rendering):
                    held[sample.id] = sample
                    advance()
    return Made([held[sample.id] for sample in plan.values()], new, retired)


def _record(job: Job, model: Model, rendering: Rendering) -> Sample:
    """Return the sample that a job will leave; its SHA-256 is empty as long as there is no picture."""
    determinants: dict[str, Any] = {
        "pair": job.pair.id,
        "prompt": job.pair.prompt,
        "negative": job.pair.negative,
        "method": job.method.name,
        "params": job.method.params,
        "seed": job.seed,
        "steps": rendering.steps,
        "width": rendering.width,
        "height": rendering.height,
        **model.identity,
    }
    name = sample_id(**determinants, arguments=dict(rendering.arguments))
    image = f"{IMAGES}/{name}.png"
    return Sample(
        id=name, object=job.pair.object, element=job.pair.element, image=image, sha256="", **determinants
    )


def _take_stock(run: Path, planned: Set[str], repair: bool) -> tuple[dict[str, Sample], int]:
    """Return the planned samples whose pictures are there and right, and how many others are set aside."""
    for leftover in (run / IMAGES).glob(".*.tmp"):
        leftover.unlink()
    current = {sample.id: sample for sample in read_records(run / SAMPLES, Sample)}
    known = {sample.id: sample for sample in read_records(run / RETIRED, Sample)} | current
    faults = {name: fault for name in planned & known.keys() if (fault := picture_fault(run, known[name]))}
    if faults and not repair:
        first = min(faults.values(), key=str)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise PictureFault(f"{first.what}{more}", first.remedy)
    held = {name: known[name] for name in known if name in planned and name not in faults}
    retired = [sample for name, sample in known.items() if name not in planned]
    if held.keys() != current.keys():
        if retired or (run / RETIRED).exists():
            write_records(run / RETIRED, retired)
        write_records(run / SAMPLES, held.values())
    return held, len(retired)


def _missing(
    pipe: Any, plan: Mapping[Job, Sample], held: Mapping[str, Sample], run: Path, rendering: Rendering
) -> Iterator[Sample]:
    """Make, store and yield the samples of the plan that are not held."""
    from negjudge.generation.drawing import batches, check_arguments, draw  # imports torch and diffusers

    check_arguments(pipe, rendering)
    for batch in batches(pipe, list(plan), rendering.batch_size):
        missing = [job for job in batch if plan[job].id not in held]
        if missing:
            images = dict(zip(batch, draw(pipe, batch, rendering), strict=True))
            for job in missing:
                yield _store(run, plan[job], images[job])


def _store(run: Path, sample: Sample, drawn: Drawn) -> Sample:
    """Put a picture and then its record on the disk; a full disk is named with the file.

    Of a video the picture is the middle frame, and the whole lies beside it.
    """
    path = run / sample.image
    if isinstance(drawn, list):
        write_atomically(path.with_suffix(".mp4"), encode_mp4(drawn))
        drawn = middle_frame(drawn)
    content = encoded(drawn, "PNG")
    sample = dataclasses.replace(sample, sha256=hashlib.sha256(content).hexdigest())
    write_atomically(path, content)
    append_records(run / SAMPLES, [sample])
    return sample
