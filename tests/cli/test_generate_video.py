"""`negjudge generate` with a video's pipeline: a true WanPipeline, tiny."""

from __future__ import annotations

import json

import av
import torch
from PIL import Image
from tiny import wan

from negjudge.cli.main import main

CALL = {"num_frames": 5, "max_sequence_length": 12}


def test_a_video_is_made_with_the_frame_that_stands_for_it(tmp_path):
    wan.build(dtype=torch.float32).save_pretrained(tmp_path / "wan")
    words = ["generate", "a bicycle", "--without", "wheels", "--model", str(tmp_path / "wan")]
    words += ["--steps", "2", "--width", "32", "--height", "32", "--device", "cpu"]
    words += [text for name, value in CALL.items() for text in ("--call", f"{name}={value}")]
    assert main([*words, "-o", str(tmp_path / "out.png")]) == 0
    with av.open(str(tmp_path / "out.mp4")) as video:
        frames = [frame.to_image() for frame in video.decode(video=0)]
    assert len(frames) == 5
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.size == frames[2].size == (32, 32)
    record = json.loads((tmp_path / "out.json").read_text())
    assert record["rendered"]["num_frames"] == 5
