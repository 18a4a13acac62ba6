"""Puts a kernel in the place of the attention call of named modules, and counts that it took effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from negjudge.errors import NegjudgeError
from negjudge.guidance.layout import TokenLayout

Kernel = Callable[..., torch.Tensor]
"""``(query, key, value, layout, *, attn_mask, attn_scale, enable_gqa)`` to a tensor of ``query``'s shape."""


class Interception(TorchFunctionMode):
    """Runs ``kernel`` for the one ``F.scaled_dot_product_attention`` call of each armed module.

    Models keep their own processors: query, key and value arrive projected, normed and rotated. Modules are
    armed by name, never chosen by shape, and each must make exactly one call in a forward: guidance that
    silently did nothing would be the worst of bugs.
    """

    def __init__(self, kernel: Kernel, modules: Mapping[str, torch.nn.Module]) -> None:
        super().__init__()
        self.kernel = kernel
        self.modules = dict(modules)
        self.calls = dict.fromkeys(modules, 0)
        self.layout: TokenLayout | None = None
        self.current: str | None = None

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Arm the modules for as long as the block lasts."""
        with ExitStack() as stack:
            for name, module in self.modules.items():
                before = module.register_forward_pre_hook(partial(self._enter, name))
                stack.callback(before.remove)
                after = module.register_forward_hook(partial(self._leave, name))
                stack.callback(after.remove)
            yield

    @contextmanager
    def guiding(self, layout: TokenLayout) -> Iterator[None]:
        """Guide one forward of the denoiser. Raises NegjudgeError where an armed module was never reached."""
        self.layout, self.current = layout, None
        self.calls = dict.fromkeys(self.calls, 0)
        try:
            with self:
                yield
            missed = [name for name, calls in self.calls.items() if calls != 1]
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
        self.calls[self.current] += 1
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
            raise NegjudgeError(f"attention in {self.current} is causal or has dropout, and cannot be guided")
        return self.kernel(
            query, key, value, self.layout, attn_mask=attn_mask, attn_scale=scale, enable_gqa=enable_gqa
        )

    def _enter(self, name: str, module: torch.nn.Module, args: Any) -> None:
        if self.layout is not None:
            self.current = name

    def _leave(self, name: str, module: torch.nn.Module, args: Any, output: Any) -> None:
        if self.layout is None:
            return
        self.current = None
        if self.calls[name] != 1:
            raise NegjudgeError(
                f"{name} made {self.calls[name]} scaled_dot_product_attention calls, guidance expects one; "
                "use the pipeline's default attention processor and backend"
            )


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
