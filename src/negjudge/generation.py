"""Samples from a diffusers pipeline: batched, resumable, each picture the same however often it is made."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from negjudge.errors import NegjudgeError
from negjudge.guidance import guide, pipeline_arguments
from negjudge.jobs import Job
from negjudge.pipelines import Model, find_model
from negjudge.progress import progress_bar
from negjudge.records import (
    Sample,
    append_records,
    read_records,
    sample_id,
    write_atomically,
    write_records,
)
from negjudge.runs import IMAGES, SAMPLES, locked

RETIRED = "retired.jsonl"
Planned = tuple[Job, Sample]


@dataclass(frozen=True)
class Rendering:
    """How every picture of a run is made: sampler steps, size in pixels, pictures in one forward.

    ``arguments`` go to the pipeline's call as they are.
    """

    steps: int = 8
    width: int = 64
    height: int = 64
    batch_size: int = 16
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PictureRecipe:
    """What every recipe that makes pictures says: where, of what, with which pipeline and how."""

    run: str
    """Folder for what is made."""
    pairs: str
    """JSONL file of pairs of object and element."""
    splits: str
    """JSON file of which pairs serve what."""
    model: str
    """A diffusers pipeline: its folder, or its Hub id."""
    revision: str | None = None
    """Branch, tag or commit of a Hub id."""
    device: str = "cpu"
    """cpu, cuda, mps, or auto for the best one there is."""
    dtype: str = "float32"
    """float32, bfloat16 or float16."""
    offload: bool = False
    """Keep the parts of the pipeline that wait in main memory."""
    steps: int = 8
    """Sampler steps of a picture."""
    width: int = 64
    """Pixels."""
    height: int = 64
    """Pixels."""
    batch_size: int = 16
    """Pictures in one forward; a short batch is filled up, so that this never changes a pixel on resume."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """More arguments of the pipeline's call."""

    def __post_init__(self) -> None:
        for name in ("steps", "width", "height", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"key {name!r} is {getattr(self, name)}, expected 1 or more")

    def find_model(self) -> Model:
        """Return the pipeline, found and named but not loaded; see ``negjudge.pipelines.find_model``."""
        return find_model(self.model, self.revision, self.device, self.dtype, self.offload)

    @property
    def rendering(self) -> Rendering:
        """How each picture is made."""
        return Rendering(self.steps, self.width, self.height, self.batch_size, self.arguments)


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
    plan = {sample.id: (job, sample) for job in jobs for sample in [_record(job, model, rendering)]}
    run.mkdir(parents=True, exist_ok=True)
    with locked(run, "generate"):
        held, retired = _take_stock(run, plan, repair)
        new = len(plan) - len(held)
        if new:
            with progress_bar(str(run), len(plan), "pictures", len(held), bar) as advance:
                for sample in _missing(model.pipe, plan, held, run, rendering):
                    held[sample.id] = sample
                    advance()
    return Made([held[name] for name in plan], new, retired)


def _record(job: Job, model: Model, rendering: Rendering) -> Sample:
    """Return the sample that a job will leave; its SHA-256 is empty as long as there is no picture."""
    determinants: dict[str, Any] = {
        "pair": job.pair.id,
        "prompt": job.pair.prompt,
        "negative": job.pair.negative,
        "method": job.method.name,
        "params": job.method.params,
        "seed": job.seed,
        "model": model.name,
        "revision": model.revision,
        "steps": rendering.steps,
        "width": rendering.width,
        "height": rendering.height,
        "device": model.device,
        "dtype": model.dtype,
    }
    name = sample_id(**determinants, arguments=dict(rendering.arguments))
    image = f"{IMAGES}/{name}.png"
    return Sample(
        id=name, object=job.pair.object, element=job.pair.element, image=image, sha256="", **determinants
    )


def _take_stock(run: Path, plan: Mapping[str, Planned], repair: bool) -> tuple[dict[str, Sample], int]:
    """Return the planned samples whose pictures are there and right, and how many others are set aside."""
    for leftover in (run / IMAGES).glob(".*.tmp"):
        leftover.unlink()
    current = {sample.id: sample for sample in read_records(run / SAMPLES, Sample)}
    known = {sample.id: sample for sample in read_records(run / RETIRED, Sample)} | current
    faults = {name: fault for name in plan.keys() & known.keys() if (fault := _fault(run, known[name]))}
    if faults and not repair:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise NegjudgeError(
            f"{min(faults.values())}{more}; put the picture back, or add --repair true to make it anew"
        )
    held = {name: known[name] for name in known if name in plan and name not in faults}
    retired = [sample for name, sample in known.items() if name not in plan]
    if held.keys() != current.keys():
        write_records(run / RETIRED, retired)
        write_records(run / SAMPLES, held.values())
    return held, len(retired)


def _fault(run: Path, sample: Sample) -> str | None:
    """Return what is wrong with the picture of a record, or None."""
    path = run / sample.image
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return f"{path} is missing, though {run / SAMPLES} records it"
    if hashlib.sha256(content).hexdigest() != sample.sha256:
        return f"{path} is not the picture that was recorded (its SHA-256 differs)"
    return None


def _missing(
    pipe: Any, plan: Mapping[str, Planned], held: Mapping[str, Sample], run: Path, rendering: Rendering
) -> Iterator[Sample]:
    """Make, store and yield the samples of the plan that are not held."""
    _check_arguments(pipe, rendering)
    for batch in _batches(pipe, plan.values(), rendering.batch_size):
        if all(sample.id in held for _, sample in batch):
            continue
        images = draw(pipe, [job for job, _ in batch], rendering)
        for (_, sample), image in zip(batch, images, strict=True):
            if sample.id not in held:
                yield _store(run, sample, image)


def _batches(pipe: Any, planned: Iterable[Planned], size: int) -> Iterator[list[Planned]]:
    """Split into batches of one method and setting, and of negatives of one length.

    Equal lengths need no attention mask, which would be another kernel with another rounding.
    """
    groups: dict[Any, list[Planned]] = {}
    for job, sample in planned:
        key = (job.method, _token_counts(pipe, job.pair.negative))
        groups.setdefault(key, []).append((job, sample))
    for group in groups.values():
        for start in range(0, len(group), size):
            yield group[start : start + size]


def _token_counts(pipe: Any, text: str) -> tuple[int, ...]:
    tokenizers = [getattr(pipe, name, None) for name in ("tokenizer", "tokenizer_2", "tokenizer_3")]
    return tuple(len(tokenizer(text).input_ids) for tokenizer in tokenizers if tokenizer is not None)


def draw(pipe: Any, jobs: Sequence[Job], rendering: Rendering) -> list[Image.Image]:
    """Return the pictures of at most ``batch_size`` jobs of one method and setting, from one forward.

    The noise of a picture comes from its own generator on the CPU, whatever the device and the batch.
    """
    full = [*jobs, *[jobs[-1]] * (rendering.batch_size - len(jobs))]
    method, negatives = jobs[0].method, [job.pair.negative for job in full]
    try:
        with guide(pipe, method, negative_prompt=negatives):
            images = pipe(
                prompt=[job.pair.prompt for job in full],
                generator=[torch.Generator("cpu").manual_seed(job.seed) for job in full],
                num_inference_steps=rendering.steps,
                width=rendering.width,
                height=rendering.height,
                output_type="pil",
                **pipeline_arguments(pipe, method, negatives),
                **rendering.arguments,
            ).images
    except torch.OutOfMemoryError:
        raise NegjudgeError(
            f"the device's memory is too small for {rendering.batch_size} pictures at once; "
            "set a smaller batch_size, or offload: true"
        ) from None
    return list(images[: len(jobs)])


def _check_arguments(pipe: Any, rendering: Rendering) -> None:
    known = set(inspect.signature(pipe.__call__).parameters)
    for name in rendering.arguments:
        if name not in known:
            takes = ", ".join(sorted(known))
            raise NegjudgeError(f"arguments: {type(pipe).__name__} takes no {name!r}; it takes {takes}")


def _store(run: Path, sample: Sample, image: Image.Image) -> Sample:
    """Put a picture and then its record on the disk; a full disk is named with the file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    content = buffer.getvalue()
    sample = dataclasses.replace(sample, sha256=hashlib.sha256(content).hexdigest())
    write_atomically(run / sample.image, content)
    append_records(run / SAMPLES, [sample])
    return sample
