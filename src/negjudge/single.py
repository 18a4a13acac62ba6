"""One picture from a pipeline, outside any run folder."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from negjudge.drawing import check_arguments
from negjudge.errors import NegjudgeError
from negjudge.guidance import GuidanceMethod, guide, pipeline_arguments
from negjudge.jobs import Rendering
from negjudge.pipelines import Model

CALL = "call.json"


def make_picture(
    model: Model,
    prompt: str,
    negative_prompt: str,
    method: GuidanceMethod,
    seed: int,
    arguments: Mapping[str, Any],
) -> bytes:
    """Return a picture as PNG. ``arguments`` go to the pipeline's call, over those of the model's call.json.

    Noise is drawn on the CPU, so that a seed means the same on every device.
    """
    import torch

    pipe = model.pipe
    merged = {**call_defaults(model), **arguments, **pipeline_arguments(pipe, method, negative_prompt)}
    check_arguments(pipe, Rendering(arguments=merged))
    pipe.set_progress_bar_config(disable=False)
    with guide(pipe, method, negative_prompt=negative_prompt):
        picture = pipe(prompt=prompt, generator=torch.Generator("cpu").manual_seed(seed), **merged).images[0]
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


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
