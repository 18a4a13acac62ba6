"""What a whole denoiser step costs guided next to plain, with random weights: ratios from one run.

    python -m benchmarks.step [--device cpu|cuda] [--compile] [--negatives 4 16 64] [--rounds 9]

On a CPU models are cut down in layers, heads and pixels; on a GPU they are the true ones at 1024 pixels, in
bfloat16, with peak memory. "floor" is counted arithmetic: the operations of a guided step over those of a
plain one, which no implementation can beat. CFG is one forward of two pictures.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, register_flop_formula, sdpa_flop_count

from benchmarks.dense import dense_vsf_attention
from benchmarks.timing import measure
from negjudge.guidance import nag_attention, nasa_attention, vsf_attention
from negjudge.guidance.families import Family
from negjudge.guidance.families.flux import Flux
from negjudge.guidance.families.sd3 import SD3
from negjudge.guidance.families.wan import Wan
from negjudge.guidance.interception import Interception
from negjudge.guidance.negatives import Negatives

Step = Callable[[], Any]

KERNELS: dict[str, Callable[..., torch.Tensor]] = {
    "VSF": partial(vsf_attention, scale=2.0, offset=0.0),
    "VSF, offset 0.2": partial(vsf_attention, scale=2.0, offset=0.2),
    "VSF by dense mask": partial(dense_vsf_attention, scale=2.0, offset=0.2),
    "NAG": nag_attention,
    "NASA": nasa_attention,
}


@dataclass(frozen=True)
class Subject:
    """A denoiser to build, the arguments of one forward, and its adapter."""

    name: str
    family: Family
    build: Callable[[], torch.nn.Module]
    arguments: Callable[[int], dict[str, torch.Tensor]]


def sd3(layers: int, heads: int, pixels: int) -> Subject:
    """SD3.5's transformer: 38 layers and heads of 64 in Large; text of 77 + 256 tokens."""
    from diffusers import SD3Transformer2DModel

    side = pixels // 8

    def build() -> torch.nn.Module:
        return SD3Transformer2DModel(
            sample_size=128,
            num_layers=layers,
            num_attention_heads=heads,
            caption_projection_dim=heads * 64,
            pos_embed_max_size=192,
            qk_norm="rms_norm",
        )

    def arguments(batch: int) -> dict[str, torch.Tensor]:
        return {
            "hidden_states": torch.randn(batch, 16, side, side),
            "encoder_hidden_states": torch.randn(batch, 333, 4096),
            "pooled_projections": torch.randn(batch, 2048),
            "timestep": torch.full((batch,), 500.0),
        }

    return Subject(f"SD3.5, {layers} layers, {heads} heads, {pixels} px", SD3(), build, arguments)


def flux(double: int, single: int, heads: int, pixels: int) -> Subject:
    """FLUX.1's transformer: 19 double and 38 single blocks of 24 heads of 128; 512 text tokens."""
    from diffusers import FluxTransformer2DModel

    side = pixels // 16

    def build() -> torch.nn.Module:
        return FluxTransformer2DModel(
            num_layers=double, num_single_layers=single, num_attention_heads=heads, pooled_projection_dim=768
        )

    def arguments(batch: int) -> dict[str, torch.Tensor]:
        grid = torch.cartesian_prod(torch.arange(side), torch.arange(side))
        return {
            "hidden_states": torch.randn(batch, side * side, 64),
            "encoder_hidden_states": torch.randn(batch, 512, 4096),
            "pooled_projections": torch.randn(batch, 768),
            "timestep": torch.full((batch,), 0.5),
            "img_ids": torch.cat([torch.zeros(len(grid), 1), grid], dim=1),
            "txt_ids": torch.zeros(512, 3),
        }

    return Subject(
        f"FLUX.1, {double} + {single} blocks, {heads} heads, {pixels} px", Flux(), build, arguments
    )


def wan(layers: int, frames: int, height: int, width: int, heads: int = 12) -> Subject:
    """Wan 2.1's 1.3B transformer: 30 layers of 12 heads of 128; 512 text tokens; sizes in latents."""
    from diffusers import WanTransformer3DModel

    def build() -> torch.nn.Module:
        return WanTransformer3DModel(num_attention_heads=heads, num_layers=layers, ffn_dim=8960 * heads // 12)

    def arguments(batch: int) -> dict[str, torch.Tensor]:
        return {
            "hidden_states": torch.randn(batch, 16, frames, height, width),
            "encoder_hidden_states": torch.randn(batch, 512, 4096),
            "timestep": torch.full((batch,), 500),
        }

    tokens = frames * (height // 2) * (width // 2)
    return Subject(f"Wan 2.1 1.3B, {layers} layers, {tokens} tokens", Wan(), build, arguments)


def subjects(device: str) -> list[Subject]:
    """The models as they are on a GPU, cut down on a CPU."""
    if device == "cuda":
        return [sd3(38, 38, 1024), flux(19, 38, 24, 1024), wan(30, 21, 60, 104)]
    return [sd3(4, 8, 512), flux(1, 2, 8, 512), wan(2, 4, 32, 52)]


def to(values: dict[str, torch.Tensor], device: str, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Move arguments; whole numbers and positions keep their type."""
    return {
        name: value.to(device, dtype if value.is_floating_point() and "ids" not in name else None)
        for name, value in values.items()
    }


def plain_step(denoiser: Callable[..., Any], arguments: dict[str, torch.Tensor]) -> Step:
    """One forward, without guidance."""
    return lambda: denoiser(**arguments, return_dict=False)[0]


def guided_step(
    subject: Subject,
    denoiser: Any,
    call: Any,
    arguments: dict[str, torch.Tensor],
    kernel: Callable[..., torch.Tensor],
    tokens: int,
) -> Step:
    """One guided forward, as ``guide`` makes it; ``call`` is the denoiser or its compiled version."""
    text = arguments["encoder_hidden_states"]
    negatives = Negatives(
        torch.randn(len(text), tokens, text.shape[-1], device=text.device, dtype=text.dtype)
    )
    extended, layout = subject.family.extend(denoiser, arguments, negatives, None)
    interception = Interception(kernel, subject.family.attention_modules(denoiser))

    def step() -> Any:
        with interception.installed(), interception.guiding(layout):
            return call(**extended, return_dict=False)[0]

    return step


@register_flop_formula(torch.ops.aten._scaled_dot_product_flash_attention_for_cpu)
def _cpu_attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    count: int = sdpa_flop_count(query, key, value)
    return count


def operations(step: Step) -> int:
    """Counted multiply-adds of a step."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def main(argv: list[str] | None = None) -> None:
    """Print a table a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtype", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--negatives", type=int, nargs="+", default=[4, 16, 64])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args(argv)
    dtype = getattr(torch, options.dtype or ("float32" if options.device == "cpu" else "bfloat16"))
    where = torch.cuda.get_device_name() if options.device == "cuda" else f"{torch.get_num_threads()} threads"
    mode = "compiled" if options.compile else "eager"
    print(
        f"{options.device} ({where}), {dtype}, torch {torch.__version__}, {mode}; time over plain (floor)\n"
    )
    for subject in subjects(options.device):
        table(subject, options, dtype)


@torch.no_grad()
def table(subject: Subject, options: argparse.Namespace, dtype: torch.dtype) -> None:
    """Measure one model and print its rows: a row a length of the negative."""
    torch.manual_seed(0)
    with torch.device(options.device):
        torch.set_default_dtype(dtype)
        denoiser = subject.build().eval()
        torch.set_default_dtype(torch.float32)
    one = to(subject.arguments(1), options.device, dtype)
    two = to(subject.arguments(2), options.device, dtype)
    print(f"{subject.name}\n\n| N | ms plain | CFG | " + " | ".join(KERNELS) + " |")
    print("|---" * (len(KERNELS) + 3) + "|")
    for tokens in options.negatives:
        call = torch.compile(denoiser) if options.compile else denoiser
        steps = {"plain": plain_step(call, one), "CFG": plain_step(call, two)}
        for name, kernel in KERNELS.items():
            steps[name] = guided_step(subject, denoiser, call, one, kernel, tokens)
        seconds, peaks = measure(steps, options.rounds, options.device)
        counted = {} if options.compile else {name: operations(step) for name, step in steps.items()}
        cells = []
        for name in list(steps)[1:]:
            cell = f"{seconds[name] / seconds['plain']:.3f}"
            if counted:
                cell += f" ({counted[name] / counted['plain']:.3f})"
            if peaks:
                cell += f", memory {peaks[name] / peaks['plain']:.3f}"
            cells.append(cell)
        print(f"| {tokens} | {seconds['plain'] * 1e3:.1f} | " + " | ".join(cells) + " |", flush=True)
        torch.compiler.reset()
    print()
    del denoiser
    gc.collect()
    if options.device == "cuda":
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
