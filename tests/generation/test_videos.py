"""Videos: what a run leaves of a text-to-video pipeline."""

from __future__ import annotations

import av
from PIL import Image
from tiny import wan

from negjudge.data.records import Pair
from negjudge.generation.jobs import Job, Rendering
from negjudge.generation.pipelines import Model
from negjudge.generation.samples import generate
from negjudge.guidance import VSF, Plain


def test_a_video_is_an_mp4_with_its_middle_frame_beside_it(tmp_path):
    pipe = wan.build()
    model = Model("tiny", tmp_path, "none")
    vars(model)["pipe"] = pipe
    pair = Pair(id="car-wheels", object="car", element="wheels", prompt="a car", negative="wheels")
    rendering = Rendering(2, 64, 64, 1, {"num_frames": 5, "max_sequence_length": wan.T5_LENGTH})
    jobs = [Job(pair, VSF(), 0), Job(pair, Plain(), 0)]
    made = generate(model, jobs, tmp_path / "run", rendering)
    for sample in made.samples:
        path = tmp_path / "run" / sample.image
        with av.open(str(path.with_suffix(".mp4"))) as video:
            assert len(list(video.decode(video=0))) == 5
        with Image.open(path) as frame:
            assert frame.size == (64, 64)
    assert made.samples[0].sha256 != made.samples[1].sha256
    again = generate(model, jobs, tmp_path / "run", rendering)
    assert again.new == 0
