"""Sheets of attention to the negative, from the record of a guided call."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cases import CASES, NEGATIVE, run
from PIL import Image

from negjudge.generation.sheets.heatmaps import draw_heatmaps
from negjudge.guidance import NAG, VSF, AttentionRecord, guide
from negjudge.guidance.families import family_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("kind", ["sd3.5", "flux", "flux2-klein", "qwen-image", "z-image", "wan2.2", "sdxl"])
@pytest.mark.parametrize("method", [VSF(offset=0.1), NAG(padding="none")], ids=["vsf", "nag"])
def test_every_step_and_guided_layer_is_recorded_and_drawn(kind, method):
    case, record = CASES[kind], AttentionRecord()
    pipe = case.build()
    with guide(pipe, method, NEGATIVE):
        expected = run(pipe, case)
    with guide(pipe, method, NEGATIVE, record=record):
        assert torch.equal(run(pipe, case), expected)
    layers = family_of(pipe).attention_modules(family_of(pipe).denoisers(pipe)[0])
    assert len(record.maps) == len(record.noise) == 2
    assert record.noise[0] > record.noise[1]
    for maps in record.maps:
        assert list(maps) == list(layers)
        for share in maps.values():
            assert share.shape[0] == 1
            assert share.shape[2] == len(record.words[0])
            assert share.min() >= 0
            assert share.sum(-1).max() <= 1.001
    assert {"big", "wheels"} <= set(record.words[0])
    sheet = draw_heatmaps(Image.new("RGB", (64, 64), "white"), record, cell=32)
    assert len(np.unique(np.asarray(sheet).reshape(-1, 3), axis=0)) > 20


def test_heat_lies_where_the_attention_is():
    record = AttentionRecord(noise=[1.0], words=(("wheels",),), size=(2, 2))
    record.maps = [{"only": torch.tensor([[[0.0], [0.0], [0.0], [0.8]]])}]
    sheet = np.asarray(draw_heatmaps(Image.new("RGB", (8, 8), "white"), record, cell=64), np.int64)
    red = (sheet[..., 0] - sheet[..., 1]) > 120
    rows, columns = np.nonzero(red)
    assert len(rows) > 50
    cell_top, cell_left = rows.min() - rows.min() % 1, columns.min()
    # Only the last of the four tokens is hot: no red in the upper left of either cell (step, layer).
    assert rows.max() - cell_top < 40
    assert columns.max() - cell_left < 40 + 64 + 6
