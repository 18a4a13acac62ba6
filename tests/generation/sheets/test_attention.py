"""The run's sheets of attention: one a method, made once."""

from __future__ import annotations

import dataclasses

from PIL import Image

from negjudge.generation.jobs import Job
from negjudge.generation.sheets.attention import write_attention_sheets
from negjudge.guidance import NASA, VSF, Plain


def test_one_sheet_a_method_made_again_only_for_new_pictures(model, pairs, rendering, tmp_path):
    pair = next(iter(pairs.values())) if isinstance(pairs, dict) else pairs[0]
    jobs = [Job(pair, method, seed) for seed in (0, 1) for method in (Plain(), VSF(), NASA())]
    small = dataclasses.replace(rendering, steps=2, batch_size=2)
    paths = write_attention_sheets(model, jobs, tmp_path, small, new=True)
    assert [path.name for path in paths] == ["attention-vsf.png", "attention-nasa.png"]
    with Image.open(paths[0]) as sheet:
        assert sheet.width > 400
    before = paths[0].stat().st_mtime_ns
    paths[1].unlink()
    assert write_attention_sheets(model, jobs, tmp_path, small, new=False) == paths
    assert paths[0].stat().st_mtime_ns == before
    assert paths[1].exists()
