"""Puts a kernel in the place of the attention call of named modules, and counts that it took effect."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import BuiltinFunctionType
from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from negjudge.errors import NegjudgeError
from negjudge.guidance.kernels.attention import GuidedCall
from negjudge.guidance.kernels.layout import TokenLayout

Recorder = Callable[[str, GuidedCall], None]
"""Is shown each guided call with its module's name before the kernel runs."""

Kernel = Callable[..., torch.Tensor]
"""``(query, key, value, layout, *, attn_mask, attn_scale, enable_gqa)`` to a tensor of ``query``'s shape."""


class _Armed:
    """A module whose attention call is replaced: what stands in the place of its forward."""

    def __init__(self, name: str, module: torch.nn.Module, guided: bool, interception: Interception) -> None:
        self.name, self.guided, self.interception, self.calls = name, guided, interception, 0
        self.original = module.forward

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The module's own forward, in which ``interception`` replaces exactly one call."""
        if self.interception.layout is None:
            return self.original(*args, **kwargs)
        self.interception.current = self
        output = self.original(*args, **kwargs)
        self.interception.current = None
        if self.calls != 1:
            raise NegjudgeError(
                f"{self.name} made {self.calls} scaled_dot_product_attention calls, guidance expects one; "
                + _advice()
            )
        return output


class Interception(TorchFunctionMode):
    """Runs ``kernel`` for the one ``F.scaled_dot_product_attention`` call of each armed module.

    Models keep their own processors: query, key and value arrive projected, normed and rotated. Modules are
    armed by name, never chosen by shape, and each must make exactly one call in a forward: guidance that
    silently did nothing would be the worst of bugs.
    """

    def __init__(
        self,
        kernel: Kernel,
        modules: Mapping[str, torch.nn.Module],
        guided: Collection[str] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        super().__init__()
        self.kernel, self.recorder = kernel, recorder
        self.modules = dict(modules)
        self.guided = set(modules if guided is None else guided)
        self.settings: dict[str, torch.Tensor] = {}
        self.armed: list[_Armed] = []
        self.layout: TokenLayout | None = None
        self.current: _Armed | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Arm the modules for as long as the block lasts."""
        self.armed = [
            _Armed(name, module, name in self.guided, self) for name, module in self.modules.items()
        ]
        with ExitStack() as stack:
            for armed, module in zip(self.armed, self.modules.values(), strict=True):
                stack.enter_context(replaced(module, "forward", armed.forward))
            yield

    @contextmanager
    def guiding(self, layout: TokenLayout, **settings: torch.Tensor) -> Iterator[None]:
        """Guide one forward of the denoiser. Raises NegjudgeError where an armed module was never reached.

        ``settings`` replace some of the kernel's for this forward; as tensors, they do not recompile a model.
        """
        self.layout, self.current, self.settings = layout, None, settings
        for armed in self.armed:
            armed.calls = 0
        try:
            with self:
                yield
            missed = [armed.name for armed in self.armed if armed.calls != 1]
            if missed:
                raise NegjudgeError(
                    f"guidance did not reach {_some(missed)}, which the denoiser skipped; its output is wrong"
                )
        finally:
            self.layout, self.current = None, None

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.current is None or func is not F.scaled_dot_product_attention:
            return func(*args, **kwargs)
        self.current.calls += 1
        return self._guided(*args, **kwargs)

    def _guided(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> torch.Tensor:
        if dropout_p or is_causal:
            raise NegjudgeError(
                "attention that is causal or has dropout cannot be guided; put the denoiser in eval mode"
            )
        assert self.layout is not None
        assert self.current is not None
        model: dict[str, Any] = {"attn_mask": attn_mask, "attn_scale": scale, "enable_gqa": enable_gqa}
        if not self.current.guided:
            return GuidedCall(query, key, value, self.layout, **model).without_negative()
        if self.recorder is not None:
            self.recorder(self.current.name, GuidedCall(query, key, value, self.layout, **model))
        return self.kernel(query, key, value, self.layout, **model, **self.settings)


@contextmanager
def replaced(module: torch.nn.Module, name: str, value: Any) -> Iterator[None]:
    """Set an attribute of one instance, and take it back at the end.

    Who replaced it again inside the block keeps what they set: our replacements then pass everything on.
    """
    attributes = vars(module)
    before = attributes.get(name, _MISSING)
    attributes[name] = value
    try:
        yield
    finally:
        if attributes.get(name) is value:
            if before is _MISSING:
                del attributes[name]
            else:
                attributes[name] = before


_MISSING = object()


def _advice() -> str:
    function = F.scaled_dot_product_attention
    if isinstance(function, BuiltinFunctionType):
        return "use the pipeline's default attention processor and backend"
    place = f"{function.__module__}.{getattr(function, '__qualname__', 'something')}"
    return (
        f"{place} stands in the place of torch's own; put that back: "
        "torch.nn.functional.scaled_dot_product_attention = torch._C._nn.scaled_dot_product_attention"
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
