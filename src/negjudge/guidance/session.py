"""A pipeline while it is guided: denoisers wrapped, steps guided, and all of it taken back at the end."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import torch

from negjudge.errors import NegjudgeError
from negjudge.guidance.attention_map import AttentionRecord
from negjudge.guidance.base import AttentionGuidance, layer_numbers
from negjudge.guidance.families import Family
from negjudge.guidance.families.base import Hook, require_parts
from negjudge.guidance.interception import Interception, replaced
from negjudge.guidance.mixed import varied
from negjudge.guidance.negatives import Encoded, Negatives
from negjudge.guidance.phrases import Phrase
from negjudge.guidance.refusals import check_denoiser, check_scheduler
from negjudge.guidance.watching import belongs_to_another, claimed, watched

T = TypeVar("T")


class Session:
    """One pipeline, one method with a setting for all pictures or one for each, one set of negatives.

    The state belongs to the pipeline and not to a thread, because a server may call the pipeline from another
    thread than the one that entered ``guide``; two calls of one pipeline at once are refused.
    """

    def __init__(
        self,
        pipe: Any,
        family: Family,
        methods: list[AttentionGuidance],
        negatives: list[tuple[Phrase, ...]],
        record: AttentionRecord | None = None,
    ) -> None:
        method = methods[0]
        require_parts(pipe, family.encoders)
        family.check_pipeline(pipe)
        if method.scheduled:
            check_scheduler(getattr(pipe, "scheduler", None))
        self.pipe, self.family, self.method, self.negatives = pipe, family, method, negatives
        self.varied, self.record = varied(methods), record
        if record and self.varied:
            raise NegjudgeError("a record of attention needs one setting for all pictures; guide them apart")
        self.denoisers = [
            (denoiser, self._interception(_inner(denoiser))) for denoiser in family.denoisers(pipe)
        ]
        self.active = False
        self.forwards = self.guided_forwards = 0
        self.call: Mapping[str, Any] = {}
        self.encoded: dict[str, Encoded] = {}
        self.in_call, self.in_forward = threading.Lock(), threading.Lock()

    def _interception(self, denoiser: Any) -> Interception:
        modules = self.family.attention_modules(denoiser)
        check_denoiser(denoiser, modules, self.family.processors)
        recorder = self.record.recorder(self.method) if self.record else None
        guided = _guided_layers(self.method, list(modules))
        return Interception(self.method.attention(), modules, guided, recorder)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Guide for as long as the block lasts, and restore whatever ends it."""
        with ExitStack() as stack:
            stack.enter_context(claimed(self.pipe, *(denoiser for denoiser, _ in self.denoisers)))
            for denoiser, interception in self.denoisers:
                hook = stack.enter_context(self.family.hooked(_inner(denoiser)))
                stack.enter_context(interception.installed())
                # Outside of its compiled version, so that text is encoded eagerly.
                name = "forward" if denoiser._compiled_call_impl is None else "_compiled_call_impl"
                original = getattr(denoiser, name)
                forward = functools.partial(self._forward, denoiser, interception, hook, original)
                stack.enter_context(replaced(denoiser, name, forward))
            stack.enter_context(watched(self.pipe, self._call))
            stack.callback(setattr, self, "active", False)
            self.active = True
            yield

    def check_used(self) -> None:
        """Raise NegjudgeError where the block ended without one guided step."""
        if not self.guided_forwards:
            raise NegjudgeError(
                "guidance touched nothing: this pipeline made no step in the guide block; call it there"
            )

    @contextmanager
    def _call(self, arguments: Mapping[str, Any]) -> Iterator[None]:
        """Around one call of the pipeline."""
        self.family.check_call(self.pipe, arguments)
        for denoiser, interception in self.denoisers:  # much may have been set since the block began
            check_denoiser(_inner(denoiser), interception.modules, self.family.processors)
        with _alone(self.in_call):
            self.call = arguments
            self.encoded.clear()
            before, guided = self.forwards, self.guided_forwards
            try:
                yield
            finally:
                self.call = {}
            if self.forwards == before:
                raise NegjudgeError("guidance touched nothing: the pipeline's call never ran its denoiser")
            if self.guided_forwards == guided:
                raise NegjudgeError(
                    f"guidance touched nothing: none of {self.forwards - before} steps lies between "
                    f"start={self.method.start:g} and stop={self.method.stop:g}; widen them"
                )

    def _forward(
        self,
        denoiser: Any,
        interception: Interception,
        hook: Hook | None,
        original: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Instead of one forward of a denoiser."""
        if not self.active or belongs_to_another(self.pipe):
            return original(*args, **kwargs)
        inner = _inner(denoiser)
        if torch.is_grad_enabled() and getattr(inner, "gradient_checkpointing", False):
            raise NegjudgeError(
                "gradient checkpointing would run the attention again without guidance; "
                "call disable_gradient_checkpointing() on the denoiser"
            )
        with _alone(self.in_forward):
            forward = inspect.signature(type(inner).forward).bind(inner, *args, **kwargs).arguments
            forward.pop("self")
            self.forwards += 1
            settings = self._settings(forward)
            if settings is None:
                return original(*args, **kwargs)
            negatives = self._negatives(forward)
            arguments, layout = self.family.extend(inner, forward, negatives, hook)
            if self.record:
                size = self.family.size(inner, forward)
                self.record.begin_step(self.family.noise(forward), size, negatives)
            try:
                with interception.guiding(layout, **settings):
                    output = original(**arguments)
            finally:
                if hook is not None:
                    hook.clear()
            self.guided_forwards += 1
            return output

    def _settings(self, forward: Mapping[str, Any]) -> dict[str, torch.Tensor] | None:
        """What this step or these pictures set; None where the schedule leaves the step unguided."""
        strength = self.method.strength_at(1 - self.family.noise(forward)) if self.method.scheduled else 1.0
        if strength is None:
            return None
        text = self.family.text(forward)
        found = {}
        for name, values in self.varied.items():
            each = self._for_each_picture(list(values), self.family.pictures(forward), "settings")
            found[name] = torch.tensor(each, device=text.device, dtype=text.dtype).view(-1, 1, 1, 1)
        name = self.method.strength
        if self.method.scheduled:
            whole = found.get(name, torch.tensor(getattr(self.method, name), device=text.device))
            found[name] = strength * whole
        return found

    def _negatives(self, forward: Mapping[str, Any]) -> Negatives:
        pictures = self._for_each_picture(self.negatives, self.family.pictures(forward), "negative prompts")
        for text in sorted({phrase.text for phrases in pictures for phrase in phrases} - set(self.encoded)):
            with torch.no_grad():
                one = self.family.encode(self.pipe, text, self.method.padding, forward, self.call)
            self.encoded[text] = one.without_special() if self.method.special == "drop" else one
        encoded = [[(self.encoded[one.text], one.weight) for one in phrases] for phrases in pictures]
        bucketed = any(_is_compiled(denoiser) for denoiser, _ in self.denoisers)
        return Negatives.batch(encoded, self.family.text(forward), self.method.leaks, bucketed)

    def _for_each_picture(self, given: list[T], pictures: int, what: str) -> list[T]:
        """Return one of ``given`` for each picture: the same for all, its own, or its prompt's."""
        if len(given) == 1:
            return given * pictures
        if len(given) == pictures:
            return given
        per_prompt = self.call.get("num_images_per_prompt") or self.call.get("num_videos_per_prompt") or 1
        if len(given) * per_prompt == pictures:
            return [one for one in given for _ in range(pictures // len(given))]
        raise NegjudgeError(
            f"{len(given)} {what} do not fit {pictures} pictures; give one for all, or one for each picture"
        )


def _is_compiled(denoiser: Any) -> bool:
    """Tell whether torch.compile has the denoiser, or blocks of it."""
    inner = _inner(denoiser)
    return inner is not denoiser or any(
        module._compiled_call_impl is not None or hasattr(module, "_orig_mod") for module in inner.modules()
    )


def _guided_layers(method: AttentionGuidance, names: list[str]) -> list[str]:
    """The names of the layers that a method guides. Raises NegjudgeError where it asks for one too many."""
    numbers = layer_numbers(method.layers)
    if numbers is None:
        return names
    if max(numbers) >= len(names):
        raise NegjudgeError(
            f"layers is {method.layers!r}, but this model's guided layers go from 0 to {len(names) - 1}"
        )
    return [names[number] for number in sorted(numbers)]


@contextmanager
def _alone(lock: threading.Lock) -> Iterator[None]:
    if not lock.acquire(blocking=False):
        raise NegjudgeError("this guided pipeline is in use already; give each thread a pipeline of its own")
    try:
        yield
    finally:
        lock.release()


def _inner(denoiser: Any) -> Any:
    """The module itself where torch.compile has put another around it."""
    return getattr(denoiser, "_orig_mod", denoiser)
