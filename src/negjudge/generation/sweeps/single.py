"""One picture from a pipeline, outside any run folder."""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from negjudge.errors import NegjudgeError
from negjudge.generation.pipelines import Model
from negjudge.generation.sweeps.plan import Asked
from negjudge.guidance import pipeline_arguments

if TYPE_CHECKING:
    from negjudge.generation.videos import Drawn
    from negjudge.guidance import AttentionRecord

CALL = "call.json"


def make_picture(
    model: Model, asked: Asked, bar: bool = False, record: AttentionRecord | None = None
) -> tuple[Drawn, dict[str, Any]]:
    """Return what the pipeline draws, and the arguments of its call; ``bar`` shows the pipeline's steps.

    ``record`` collects the attention that the picture pays to the negative.

    Raises NegjudgeError where the pipeline refuses an argument, and where the device's memory is too small.
    """
    from negjudge.generation.drawing import call, noise, refusals  # brings torch

    pipe = model.pipe
    arguments = {**asked.call, **pipeline_arguments(pipe, asked.method, asked.negative)}
    pipe.set_progress_bar_config(disable=not bar)
    small = "the picture; add --offload, or smaller --width and --height"
    with refusals(pipe, small):
        drawn = call(
            pipe, asked.method, asked.prompt, asked.negative, noise(asked.seed), record, **arguments,
            output_type="pil",
        )  # fmt: skip
    return drawn[0], _with_defaults(pipe, arguments)


def _with_defaults(pipe: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Add the sampler's steps and the scale of a pipeline's call where they are the pipeline's own."""
    own = inspect.signature(pipe.__call__).parameters
    told = {name: own[name].default for name in ("num_inference_steps", "guidance_scale") if name in own}
    return {**{name: value for name, value in told.items() if isinstance(value, int | float)}, **arguments}


def check_call(model: Model, asked: Asked, given: Collection[str]) -> None:
    """Raise NegjudgeError for an argument that the pipeline's call does not take.

    ``given`` are those that a person chose: they may not be what the guidance method sets.
    """
    from negjudge.generation.drawing import check_taken  # brings torch

    check_taken(
        model.pipe, {name: "--call" if name in given else "the call's arguments" for name in asked.call}
    )
    for name in pipeline_arguments(model.pipe, asked.method, asked.negative):
        if name in given:
            raise NegjudgeError(f"--call {name}: the method {asked.method.name!r} sets it; leave it out")


def call_defaults(model: Model) -> dict[str, Any]:
    """Return the call arguments that a pipeline folder wants, from its call.json; none where it has none.

    Pipelines keep no such settings of their own: a distilled model's few steps, the text length
    of a tiny one.
    """
    path = model.folder / CALL
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise NegjudgeError(f"{path} is not valid JSON ({error}); repair it") from None
    if not isinstance(values, dict):
        raise NegjudgeError(f"{path}: expected an object of call arguments, got {type(values).__name__}")
    return values
