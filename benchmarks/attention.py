"""What each kernel costs next to plain attention over picture and prompt: ratios of times, all from one run.

    python -m benchmarks.attention [--device cpu|cuda] [--dtype float32|bfloat16] [--rounds 15]

On a CPU the shapes are reduced; on a GPU they are those of the models at 1024 pixels. CFG is two plain calls.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F

from negjudge.guidance import TokenLayout, nag_attention, nasa_attention, vsf_attention

Call = Callable[[], torch.Tensor]

SCALE, OFFSET = 1.0, 0.2


@dataclass(frozen=True)
class Shape:
    """Sizes of one attention call; ``image`` queries, text of ``positive`` and ``negative`` tokens."""

    name: str
    batch: int
    heads: int
    dim: int
    image: int
    positive: int
    negative: int


ON_CPU = [
    Shape("mini lab", 16, 4, 48, 64, 32, 4),
    Shape("SD3.5, 512 px, 8 heads", 1, 8, 64, 1024, 333, 4),
    Shape("SD3.5, 512 px, 8 heads", 1, 8, 64, 1024, 333, 16),
    Shape("FLUX.1, 512 px, 4 heads", 1, 4, 128, 1024, 512, 16),
    Shape("2048 tokens, 4 heads", 1, 4, 64, 2048, 160, 16),
]
ON_GPU = [Shape("SD3.5-Large, 1024 px", 1, 38, 64, 4096, 333, n) for n in (4, 16, 64)] + [
    Shape("FLUX.1, 1024 px", 1, 24, 128, 4096, 512, n) for n in (4, 16, 64)
]


def candidates(shape: Shape, device: str, dtype: torch.dtype) -> dict[str, Call]:
    """The calls to time, on the same tensors; "plain" has no negative among its tokens."""
    text = shape.image + shape.positive
    n = text + shape.negative
    size = (shape.batch, shape.heads, n, shape.dim)
    query, key, value = (torch.randn(size, device=device, dtype=dtype) for _ in range(3))
    layout = TokenLayout(slice(0, shape.image), slice(shape.image, text), slice(text, n))
    q, k, v = (x[:, :, :text].contiguous() for x in (query, key, value))
    plain = partial(F.scaled_dot_product_attention, q, k, v)
    vsf = partial(vsf_attention, query, key, value, layout, scale=SCALE)
    mask = dense_mask(shape, device, dtype)
    calls: dict[str, Call] = {
        "plain": plain,
        "CFG": lambda: (plain(), plain())[1],
        "VSF sdpa, offset 0": partial(vsf, offset=0.0, form="sdpa"),
        "VSF lse, offset 0": partial(vsf, offset=0.0, form="lse"),
        f"VSF sdpa, offset {OFFSET}": partial(vsf, offset=OFFSET, form="sdpa"),
        f"VSF lse, offset {OFFSET}": partial(vsf, offset=OFFSET, form="lse"),
        "VSF dense mask": partial(vsf_by_dense_mask, query, key, value, mask, text),
        "NAG": partial(nag_attention, query, key, value, layout),
        "NASA": partial(nasa_attention, query, key, value, layout),
    }
    for form in ("sdpa", "lse"):  # what is timed is the same thing
        close = 0.05 if dtype != torch.float32 else 1e-4
        ours = calls[f"VSF {form}, offset {OFFSET}"]()
        torch.testing.assert_close(ours, calls["VSF dense mask"](), rtol=0, atol=close)
    return calls


def dense_mask(shape: Shape, device: str, dtype: torch.dtype) -> torch.Tensor:
    """Who sees whom, rows I, P, N0 and columns I, P, N0, N1; outside the timing, made once a picture."""
    text, n = shape.image + shape.positive, shape.image + shape.positive + shape.negative
    mask = torch.zeros(n, n + shape.negative, device=device, dtype=dtype)
    mask[:text, text:n] = -math.inf
    mask[text:, shape.image : text] = -math.inf
    mask[shape.image :, n:] = -math.inf
    mask[: shape.image, n:] = -OFFSET
    return mask


def vsf_by_dense_mask(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor, text: int
) -> torch.Tensor:
    """VSF in one call over a longer sequence."""
    key = torch.cat([key, key[:, :, text:]], dim=2)
    value = torch.cat([value, value[:, :, text:] * -SCALE], dim=2)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def measure(calls: dict[str, Call], rounds: int, device: str) -> dict[str, float]:
    """Median seconds of each; rounds alternate between them, so that a busy machine hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 2):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if device == "cuda":
                torch.cuda.synchronize()
            if number >= 2:  # the first rounds warm up
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtype", default=None, choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    dtype = getattr(torch, options.dtype or ("float32" if options.device == "cpu" else "bfloat16"))
    where = torch.cuda.get_device_name() if options.device == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"{options.device} ({where}), {dtype}, torch {torch.__version__}; times over plain\n")
    torch.manual_seed(0)
    shapes = ON_GPU if options.device == "cuda" else ON_CPU
    with torch.no_grad():
        calls = ((shape, candidates(shape, options.device, dtype)) for shape in shapes)
        rows = [(shape, measure(timed, options.rounds, options.device)) for shape, timed in calls]
    print_table(rows)


def print_table(rows: list[tuple[Shape, dict[str, float]]]) -> None:
    """A Markdown table: a row a shape, a column a candidate."""
    names = list(rows[0][1])
    print("| shape | I + P + N | ms plain | " + " | ".join(names[1:]) + " |")
    print("|---" * (len(names) + 2) + "|")
    for shape, seconds in rows:
        plain = seconds["plain"]
        ratios = " | ".join(f"{seconds[name] / plain:.2f}" for name in names[1:])
        tokens = f"{shape.image} + {shape.positive} + {shape.negative}"
        print(f"| {shape.name} | {tokens} | {plain * 1e3:.2f} | {ratios} |")


if __name__ == "__main__":
    main()
