"""Attention to each token of the negative as heat over the picture: a sheet of tokens by steps and layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from negjudge.generation.sheets.contact import FAINT, INK, PAPER, font

if TYPE_CHECKING:
    from negjudge.guidance import AttentionRecord

MARGIN, GAP, LABEL, HEAD, FOOT = 16, 6, 150, 84, 22
COLUMNS = 8  # steps at most; layers come in quarters
HEAT = np.array([214, 40, 40], np.float32)


def draw_heatmaps(
    picture: Image.Image, record: AttentionRecord, row: int = 0, cell: int = 128, title: str = ""
) -> Image.Image:
    """Return a sheet: a row a token, first a column a step (mean over layers), then quarters of the layers.

    Neighbours that say the same, such as padding, share a row.

    Every cell has the same scale, from no attention (grey) to the strongest of the sheet (red), and its mean
    share below it. ``row`` is the picture's place in the batch.
    """
    stack = _stack(record, row)
    columns = _columns(stack, record.noise)
    words, columns = _grouped(record.words[row], columns)
    size = (
        2 * MARGIN + LABEL + len(columns) * (cell + GAP),
        2 * MARGIN + HEAD + len(words) * (cell + FOOT + GAP),
    )
    page = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(page)
    top_share = max(float(heat.max()) for _, _, heat in columns)
    pen.text((MARGIN, MARGIN), title or "Attention that the picture pays to the negative", INK, font(17))
    legend = f"red: a picture token pays {top_share:.2g} of its attention to this token of the negative"
    pen.text((MARGIN, MARGIN + 26), legend, FAINT, font(13))
    grey = np.asarray(picture.convert("L").resize((cell, cell)).convert("RGB"), np.float32) * 0.6 + 100
    for number, (name, note, heat) in enumerate(columns):
        left = MARGIN + LABEL + number * (cell + GAP)
        pen.text((left, MARGIN + 50), name, INK, font(14))
        pen.text((left, MARGIN + 68), note, FAINT, font(12))
        for line, word in enumerate(words):
            top = MARGIN + HEAD + line * (cell + FOOT + GAP)
            if number == 0:
                pen.text((MARGIN, top + cell // 2 - 10), word, INK, font(15))
            page.paste(_glow(grey, heat[..., line] / max(top_share, 1e-12), cell), (left, top))
            pen.text((left, top + cell + 3), f"mean {heat[..., line].mean():.2g}", FAINT, font(12))
    return page


def _grouped(
    words: Sequence[str], columns: Sequence[tuple[str, str, np.ndarray]]
) -> tuple[list[str], list[tuple[str, str, np.ndarray]]]:
    """Put neighbours that say the same, such as padding, into one row, whose share is their sum."""
    starts = [i for i, word in enumerate(words) if i == 0 or word != words[i - 1]]
    counts = np.diff([*starts, len(words)])
    names = [words[start] or "(padding)" for start in starts]
    rows = [name if count == 1 else f"{name} x {count}" for name, count in zip(names, counts, strict=True)]
    return rows, [(name, note, np.add.reduceat(heat, starts, axis=-1)) for name, note, heat in columns]


def _stack(record: AttentionRecord, row: int) -> np.ndarray:
    """Return one picture's shares ``(steps, layers, height, width, n)``; of a video the middle frame."""
    *frames, height, width = record.size
    tokens = len(record.words[row])
    steps = []
    for maps in record.maps:
        layers = []
        for share in maps.values():
            heat = share[row, :, :tokens].numpy()
            # Layers of a U-Net see the picture smaller; other models may pad it at the end.
            shrink = max(1, round((height * width / len(heat)) ** 0.5)) if not frames else 1
            shape = (*frames, -(-height // shrink), -(-width // shrink))
            heat = heat[: int(np.prod(shape))].reshape(*shape, tokens)
            if frames:
                heat = heat[frames[0] // 2]
            layers.append(_resized(heat, height, width))
        steps.append(np.stack(layers))
    return np.stack(steps)


def _columns(stack: np.ndarray, noise: Sequence[float]) -> list[tuple[str, str, np.ndarray]]:
    """Return each column's name, note and mean shares ``(height, width, n)``."""
    chosen = np.unique(np.linspace(0, len(stack) - 1, min(COLUMNS, len(stack))).round().astype(int))
    columns = [(f"step {i + 1}", f"noise {noise[i]:.2f}", stack[i].mean(axis=0)) for i in chosen]
    for part in np.array_split(np.arange(stack.shape[1]), min(4, stack.shape[1])):
        name = f"layers {part[0]}-{part[-1]}" if len(part) > 1 else f"layer {part[0]}"
        columns.append((name, "all steps", stack[:, part].mean(axis=(0, 1))))
    return columns


def _resized(heat: np.ndarray, height: int, width: int) -> np.ndarray:
    if heat.shape[:2] == (height, width):
        return heat
    channels = [
        np.asarray(Image.fromarray(heat[..., i]).resize((width, height), Image.Resampling.NEAREST))
        for i in range(heat.shape[-1])
    ]
    return np.stack(channels, axis=-1)


def _glow(grey: np.ndarray, heat: np.ndarray, cell: int) -> Image.Image:
    small = Image.fromarray(heat.astype(np.float32))
    strength = np.asarray(small.resize((cell, cell), Image.Resampling.BICUBIC)).clip(0, 1)[..., None]
    return Image.fromarray((grey * (1 - 0.85 * strength) + HEAT * 0.85 * strength).astype(np.uint8))
