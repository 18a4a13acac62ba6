"""``guide``: while its block lasts, an unmodified diffusers pipeline follows a negative prompt."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from negjudge.errors import NegjudgeError
from negjudge.guidance.attention_map import AttentionRecord
from negjudge.guidance.base import AttentionGuidance, GuidanceMethod, PipelineGuidance
from negjudge.guidance.families import family_of
from negjudge.guidance.mixed import alike
from negjudge.guidance.phrases import Phrase, parse_negative
from negjudge.guidance.session import Session
from negjudge.guidance.watching import claimed, watched

NegativePrompt = str | list[str] | None


@contextmanager
def guide(
    pipe: Any,
    method: GuidanceMethod | Sequence[GuidanceMethod],
    negative_prompt: NegativePrompt = None,
    record: AttentionRecord | None = None,
) -> Iterator[Any]:
    """Guide every call of ``pipe`` inside the block; yields ``pipe``.

    With ``Plain``, or without a negative prompt, the pipeline is left alone and gives the same picture bit
    for bit. CFG is the pipeline's own: the block only checks that each call asks for it
    (``pipeline_arguments``).

    Args:
        pipe: a pipeline of a supported family.
        method: a method with its settings, such as ``VSF(scale=1.0)``; or a list with one for each picture of
            the batch, of one kind, which differ in numbers of strength alone.
        negative_prompt: one for all pictures, or a list with one for each picture of the batch (or for each
            prompt, with ``num_images_per_prompt``); they may differ in length, and "" leaves its picture
            unguided. "wheels:1.5, chain" is two negatives that are encoded apart, the first counting one and
            a half times; a text without a weight is encoded whole (``negjudge.guidance.phrases``).
        record: keeps the attention that the picture pays to each token of the negative.

    Raises:
        NegjudgeError: the pipeline is not supported, is guided already or is in use by another thread; a call
            turns on the pipeline's own guidance; the negatives do not fit the batch; or guidance touched
            nothing.
    """
    methods = _methods(method)
    method = methods[0]
    negatives = _checked(negative_prompt)
    if isinstance(method, PipelineGuidance):
        expected = pipeline_arguments(pipe, method, negative_prompt)
        with claimed(pipe), watched(pipe, functools.partial(_asking_for, method.title, expected)):
            yield pipe
    elif isinstance(method, AttentionGuidance) and any(negatives):
        attending = [each for each in methods if isinstance(each, AttentionGuidance)]
        session = Session(pipe, family_of(pipe), attending, negatives, record)
        with session.installed():
            yield pipe
            session.check_used()
    else:
        yield pipe


def pipeline_arguments(
    pipe: Any, method: GuidanceMethod, negative_prompt: NegativePrompt = None
) -> dict[str, Any]:
    """What a call of ``pipe`` needs for a method, beside the prompt: the switches of its own guidance.

    CFG without a negative prompt is ordinary CFG, against the empty prompt.
    """
    family = family_of(pipe)
    if isinstance(method, PipelineGuidance):
        found = method.arguments(family, pipe, _unweighted(method, negative_prompt))
        _check_taken(pipe, method, found)
        return found
    return family.plain_arguments(pipe)


def _methods(given: object) -> list[GuidanceMethod]:
    """The methods of a call: one for all pictures, or a list of one kind. Raises NegjudgeError for others."""
    methods = list(given) if isinstance(given, list | tuple) else [given]
    for method in methods or [given]:
        if not isinstance(method, GuidanceMethod):
            raise NegjudgeError(f"method is {method!r}, expected settings such as VSF(scale=1.0)")
    if len({alike(method) for method in methods}) > 1:
        raise NegjudgeError(
            f"{methods[0]!r} and others of the list cannot share a batch: they differ in more than strength"
        )
    return methods


def _checked(negative_prompt: NegativePrompt) -> list[tuple[Phrase, ...]]:
    """The phrases of each negative; none of a blank one."""
    negatives = negative_prompt if isinstance(negative_prompt, list) else [negative_prompt or ""]
    if not negatives or not all(isinstance(text, str) for text in negatives):
        raise NegjudgeError(f"negative_prompt is {negative_prompt!r}, expected a text or a list of texts")
    return [parse_negative(text) for text in negatives]


def _check_taken(pipe: Any, method: PipelineGuidance, arguments: Mapping[str, Any]) -> None:
    """Raise NegjudgeError where the pipeline's call has no such guidance, as FLUX Fill's has none."""
    parameters = inspect.signature(pipe.__call__).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    missing = [name for name in arguments if name not in parameters]
    if missing:
        raise NegjudgeError(
            f"{type(pipe).__name__} has no {method.title}: its call takes no {missing[0]}; "
            "use VSF, NAG or NASA"
        )


def _unweighted(method: PipelineGuidance, negative_prompt: NegativePrompt) -> str | list[str]:
    """Return what a pipeline is given, for which a weight would be nothing but letters."""
    negatives = _checked(negative_prompt)
    if any(len(phrases) > 1 or (phrases and phrases[0].weight != 1) for phrases in negatives):
        raise NegjudgeError(
            f"negative prompt {negative_prompt!r} has weights, which {method.title} does not know; "
            "leave them out, or use VSF, NAG or NASA"
        )
    texts = [phrases[0].text if phrases else "" for phrases in negatives]
    return texts if isinstance(negative_prompt, list) else texts[0]


@contextmanager
def _asking_for(method: str, expected: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[None]:
    """Hold a pipeline's call to the arguments that turn its own guidance on."""
    for name, value in expected.items():
        given = arguments.get(name)
        if given is not value and (not isinstance(given, float | int | str | list) or given != value):
            raise NegjudgeError(
                f"{method} needs {name}={value!r} in the pipeline's call, which has {given!r}; "
                "pass **pipeline_arguments(pipe, method, negative_prompt)"
            )
    yield
