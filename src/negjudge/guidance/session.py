"""A pipeline while it is guided: denoisers wrapped, calls watched, and all of it taken back at the end."""

from __future__ import annotations

import functools
import inspect
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import torch

from negjudge.errors import NegjudgeError
from negjudge.guidance.families import Family, Negatives
from negjudge.guidance.interception import Interception, Kernel, replaced
from negjudge.guidance.methods import VSF, AttentionGuidance

Around = Callable[[Mapping[str, Any]], AbstractContextManager[None]]

_claims: weakref.WeakSet[Any] = weakref.WeakSet()
_claims_lock = threading.Lock()


class Session:
    """One pipeline, one method, one set of negatives.

    The state belongs to the pipeline and not to a thread, because a server may call the pipeline from another
    thread than the one that entered ``guide``; two calls of one pipeline at once are refused.
    """

    def __init__(
        self, pipe: Any, family: Family, kernel: Kernel, method: AttentionGuidance, negatives: list[str]
    ) -> None:
        self.pipe, self.family, self.method, self.negatives = pipe, family, method, negatives
        self.denoisers = [
            (denoiser, Interception(kernel, family.attention_modules(_inner(denoiser))))
            for denoiser in family.denoisers(pipe)
        ]
        self.active = False
        self.forwards = 0
        self.pictures_per_prompt: int | None = None
        self.encoded: dict[str, torch.Tensor] = {}
        self.in_call, self.in_forward = threading.Lock(), threading.Lock()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Guide for as long as the block lasts, and restore whatever ends it."""
        with ExitStack() as stack:
            stack.enter_context(claimed(self.pipe, *(denoiser for denoiser, _ in self.denoisers)))
            for denoiser, interception in self.denoisers:
                stack.enter_context(interception.installed())
                # Outside of its compiled version, so that text is encoded eagerly.
                name = "forward" if denoiser._compiled_call_impl is None else "_compiled_call_impl"
                original = getattr(denoiser, name)
                forward = functools.partial(self._forward, denoiser, interception, original)
                stack.enter_context(replaced(denoiser, name, forward))
            stack.enter_context(watched(self.pipe, self._call))
            stack.callback(setattr, self, "active", False)
            self.active = True
            yield

    def check_used(self) -> None:
        """Raise NegjudgeError where the block ended without one guided step."""
        if not self.forwards:
            raise NegjudgeError(
                "guidance touched nothing: this pipeline made no step in the guide block; call it there"
            )

    @contextmanager
    def _call(self, arguments: Mapping[str, Any]) -> Iterator[None]:
        """Around one call of the pipeline."""
        self.family.check_call(arguments)
        with _alone(self.in_call):
            per_prompt = arguments.get("num_images_per_prompt", arguments.get("num_videos_per_prompt"))
            self.pictures_per_prompt = per_prompt or 1
            self.encoded.clear()
            before = self.forwards
            try:
                yield
            finally:
                self.pictures_per_prompt = None
            if self.forwards == before:
                raise NegjudgeError("guidance touched nothing: the pipeline's call never ran its denoiser")

    def _forward(
        self,
        denoiser: Any,
        interception: Interception,
        original: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Instead of one forward of a denoiser."""
        if not self.active:
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
            arguments, layout = self.family.extend(inner, forward, self._negatives(forward))
            with interception.guiding(layout):
                output = original(**arguments)
            self.forwards += 1
            return output

    def _negatives(self, forward: Mapping[str, Any]) -> Negatives:
        text = self.family.text(forward)
        texts = self._for_each_picture(len(text))
        self.encoded.setdefault("", text.new_zeros(0, text.shape[-1]))
        missing = sorted({one for one in texts if one not in self.encoded})
        if missing:
            with torch.no_grad():
                encoded = self.family.encode(self.pipe, missing, self.method.padding, forward)
            self.encoded.update(zip(missing, encoded, strict=True))
        leak = isinstance(self.method, VSF) and self.method.leak
        return Negatives.batch([self.encoded[one] for one in texts], text, leak)

    def _for_each_picture(self, pictures: int) -> list[str]:
        given = len(self.negatives)
        if given == 1:
            return self.negatives * pictures
        if given == pictures:
            return self.negatives
        if given * (self.pictures_per_prompt or 1) == pictures:
            return [text for text in self.negatives for _ in range(pictures // given)]
        raise NegjudgeError(
            f"{given} negative prompts do not fit {pictures} pictures; give one text, or one for each picture"
        )


@contextmanager
def claimed(*things: Any) -> Iterator[None]:
    """Hold a pipeline and its denoisers; a second guide on any of them is refused."""
    with _claims_lock:
        if any(thing in _claims for thing in things):
            raise NegjudgeError("this pipeline is guided already; leave the other guide block first")
        _claims.update(things)
    try:
        yield
    finally:
        with _claims_lock:
            _claims.difference_update(things)


@contextmanager
def watched(pipe: Any, around: Around) -> Iterator[None]:
    """Run every call of ``pipe`` inside ``around(arguments)``, arguments by name with their defaults.

    Python looks ``__call__`` up on the class, so for as long as the block lasts the pipeline is an instance
    of a subclass with the same name; other pipelines of its class are not touched.
    """
    kind = type(pipe)
    signature = inspect.signature(kind.__call__)

    @functools.wraps(kind.__call__)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        with around(bound.arguments):
            return kind.__call__(self, *args, **kwargs)

    members = {"__call__": call, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    object.__setattr__(pipe, "__class__", type(kind.__name__, (kind,), members))
    try:
        yield
    finally:
        object.__setattr__(pipe, "__class__", kind)


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
