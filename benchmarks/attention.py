"""What each kernel costs next to plain attention over picture and prompt: ratios of times, all from one run.

    python -m benchmarks.attention [--device cpu|cuda] [--dtype float32|bfloat16] [--rounds 15]

On a CPU the shapes are reduced; on a GPU they are those of the models at 1024 pixels. CFG is two plain calls.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F

from benchmarks.dense import dense_vsf_attention
from benchmarks.timing import measure
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
    cross: bool = False


ON_CPU = [
    Shape("mini lab", 16, 4, 48, 64, 32, 4),
    Shape("SD3.5, 512 px, 8 heads", 1, 8, 64, 1024, 333, 4),
    Shape("SD3.5, 512 px, 8 heads", 1, 8, 64, 1024, 333, 16),
    Shape("FLUX.1, 512 px, 4 heads", 1, 4, 128, 1024, 512, 16),
    Shape("2048 tokens, 4 heads", 1, 4, 64, 2048, 160, 16),
    Shape("Wan 2.1, 4 heads, cross", 1, 4, 128, 4096, 512, 16, cross=True),
]
ON_GPU = [
    Shape(name, 1, heads, dim, image, text, n, cross)
    for name, heads, dim, image, text, cross in (
        ("SD3.5-Large, 1024 px", 38, 64, 4096, 333, False),
        ("FLUX.1, 1024 px", 24, 128, 4096, 512, False),
        ("Wan 2.1 1.3B, 480p, cross", 12, 128, 32_760, 512, True),
    )
    for n in (4, 16, 64)
]


def candidates(shape: Shape, device: str, dtype: torch.dtype) -> dict[str, Call]:
    """The calls to time, on the same tensors; "plain" has no negative among its tokens."""
    first = 0 if shape.cross else shape.image
    text = first + shape.positive
    n = text + shape.negative

    def tensor(tokens: int) -> torch.Tensor:
        return torch.randn(shape.batch, shape.heads, tokens, shape.dim, device=device, dtype=dtype)

    query, key, value = tensor(shape.image if shape.cross else n), tensor(n), tensor(n)
    layout = TokenLayout(slice(0, shape.image), slice(first, text), slice(text, n))
    q = query if shape.cross else query[:, :, :text].contiguous()
    k, v = (x[:, :, :text].contiguous() for x in (key, value))
    plain = partial(F.scaled_dot_product_attention, q, k, v)
    vsf = partial(vsf_attention, query, key, value, layout, scale=SCALE)
    dense = partial(dense_vsf_attention, query, key, value, layout, scale=SCALE, offset=OFFSET)
    calls: dict[str, Call] = {
        "plain": plain,
        "CFG": lambda: (plain(), plain())[1],
        "VSF sdpa, offset 0": partial(vsf, offset=0.0, form="sdpa"),
        "VSF lse, offset 0": partial(vsf, offset=0.0, form="lse"),
        f"VSF sdpa, offset {OFFSET}": partial(vsf, offset=OFFSET, form="sdpa"),
        f"VSF lse, offset {OFFSET}": partial(vsf, offset=OFFSET, form="lse"),
        f"VSF mask, offset {OFFSET}": partial(vsf, offset=OFFSET, form="mask"),
        "VSF dense mask": dense,
        "NAG": partial(nag_attention, query, key, value, layout),
        "NASA": partial(nasa_attention, query, key, value, layout),
    }
    for form in ("sdpa", "lse", "mask"):  # what is timed is the same thing
        close = 0.05 if dtype != torch.float32 else 1e-4
        ours = calls[f"VSF {form}, offset {OFFSET}"]()
        torch.testing.assert_close(ours, calls["VSF dense mask"](), rtol=0, atol=close)
    return calls


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtype", default=None, choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(argv)
    dtype = getattr(torch, options.dtype or ("float32" if options.device == "cpu" else "bfloat16"))
    where = torch.cuda.get_device_name() if options.device == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"{options.device} ({where}), {dtype}, torch {torch.__version__}; times over plain\n")
    torch.manual_seed(0)
    shapes = ON_GPU if options.device == "cuda" else ON_CPU
    with torch.no_grad():
        calls = ((shape, candidates(shape, options.device, dtype)) for shape in shapes)
        rows = [(shape, measure(timed, options.rounds, options.device)) for shape, timed in calls]
    print_table(rows)


def print_table(rows: list[tuple[Shape, tuple[dict[str, float], dict[str, float]]]]) -> None:
    """A Markdown table: a row a shape, a column a candidate; on a GPU with the ratio of peak memory."""
    names = list(rows[0][1][0])
    print("| shape | I + P + N | ms plain | " + " | ".join(names[1:]) + " |")
    print("|---" * (len(names) + 2) + "|")
    for shape, (seconds, peaks) in rows:
        plain = seconds["plain"]
        memory = {name: f", memory {peaks[name] / peaks['plain']:.2f}" for name in peaks}
        ratios = " | ".join(f"{seconds[name] / plain:.2f}{memory.get(name, '')}" for name in names[1:])
        tokens = f"{shape.image} + {shape.positive} + {shape.negative}"
        print(f"| {shape.name} | {tokens} | {plain * 1e3:.2f} | {ratios} |")


if __name__ == "__main__":
    main()
