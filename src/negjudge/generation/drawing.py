"""One batch of jobs through a diffusers pipeline, so that a picture never depends on its neighbours."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from negjudge.errors import NegjudgeError
from negjudge.generation.jobs import Job, Rendering
from negjudge.generation.videos import Drawn
from negjudge.guidance import AttentionRecord, guide, pipeline_arguments
from negjudge.guidance.methods import AttentionGuidance, GuidanceMethod
from negjudge.guidance.mixed import alike


def draw(
    pipe: Any, jobs: Sequence[Job], rendering: Rendering, record: AttentionRecord | None = None
) -> list[Drawn]:
    """Return what jobs of one method draw, each at its own setting, from one forward of their batch's size.

    The noise of a picture comes from its own generator on the CPU, whatever the device and the batch.
    ``record`` collects the attention paid to the negative.
    """
    size = _batch_size(jobs[0], rendering.batch_size)
    full = [*jobs, *[jobs[-1]] * (size - len(jobs))]
    methods, negatives = [job.method for job in full], [job.pair.negative for job in full]
    method = methods if len(set(methods)) > 1 else methods[0]
    small = f"{size} pictures at once; set a smaller batch_size, or offload: true"
    with refusals(pipe, small):
        drawn = call(
            pipe,
            method,
            [job.pair.prompt for job in full],
            negatives,
            [noise(job.seed) for job in full],
            record,
            num_inference_steps=rendering.steps,
            width=rendering.width,
            height=rendering.height,
            output_type="pil",
            **pipeline_arguments(pipe, methods[0], negatives),
            **rendering.arguments,
        )
    return drawn[: len(jobs)]


def call(
    pipe: Any,
    method: GuidanceMethod | Sequence[GuidanceMethod],
    prompt: Any,
    negative: Any,
    generator: Any,
    record: AttentionRecord | None,
    /,
    **arguments: Any,
) -> list[Drawn]:
    """Return what a guided call of a pipeline draws, for one prompt or a list with as many of the others."""
    with guide(pipe, method, negative_prompt=negative, record=record):
        output = pipe(prompt=prompt, generator=generator, **arguments)
    return list(output.images if hasattr(output, "images") else output.frames)


def noise(seed: int) -> torch.Generator:
    """Return where a picture's noise comes from: on the CPU, so that a seed is the same on every device."""
    return torch.Generator("cpu").manual_seed(seed)


@contextlib.contextmanager
def refusals(pipe: Any, small: str) -> Iterator[None]:
    """Raise NegjudgeError where a pipeline's call is refused, or the memory is too small for ``small``."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise NegjudgeError(f"the device's memory is too small for {small}") from None
    except (TypeError, ValueError) as error:  # how diffusers says that an argument does not fit
        raise NegjudgeError(
            f"{type(pipe).__name__} refuses the call: {str(error).splitlines()[0]}"
        ) from error


def check_arguments(pipe: Any, rendering: Rendering) -> None:
    """Raise NegjudgeError where a recipe's ``arguments`` name one that the pipeline's call does not take."""
    check_taken(pipe, dict.fromkeys(rendering.arguments, "arguments"))


def check_taken(pipe: Any, names: Mapping[str, str]) -> None:
    """Raise NegjudgeError for a name that the pipeline's call does not take; with each, where it is given."""
    known = set(inspect.signature(pipe.__call__).parameters)
    for name, where in names.items():
        if name not in known:
            takes = ", ".join(sorted(known))
            raise NegjudgeError(f"{where}: {type(pipe).__name__} takes no {name!r}; it takes {takes}")


def batches(pipe: Any, jobs: Sequence[Job], size: int) -> Iterator[list[Job]]:
    """Split into batches of one method, whose settings may share a forward, and of negatives of one length.

    A batch has at most ``size`` jobs, or as many as they say. Equal lengths need no attention mask, which
    would be another kernel with another rounding.
    """
    groups: dict[Any, list[Job]] = {}
    for job in jobs:
        wanted = _batch_size(job, size)
        groups.setdefault((alike(job.method), _token_counts(pipe, job.pair.negative), wanted), []).append(job)
    for (_, _, wanted), group in groups.items():
        for start in range(0, len(group), wanted):
            yield group[start : start + wanted]


def _batch_size(job: Job, largest: int) -> int:
    """Return how many pictures share a job's forward; those inside the attention may be at any strength."""
    return largest if isinstance(job.method, AttentionGuidance) else min(job.batch or largest, largest)


def _token_counts(pipe: Any, text: str) -> tuple[int, ...]:
    tokenizers = [getattr(pipe, name, None) for name in ("tokenizer", "tokenizer_2", "tokenizer_3")]
    # A processor of pictures and text holds its tokenizer.
    plain = [getattr(each, "tokenizer", each) for each in tokenizers if each is not None]
    return tuple(len(tokenizer(text).input_ids) for tokenizer in plain)
