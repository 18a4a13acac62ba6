"""Videos as MP4 files."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

Drawn = Image.Image | list[Image.Image]
"""A picture, or the frames of a video."""

FRAMES_PER_SECOND = 16  # Wan's


def encode_mp4(frames: Sequence[Image.Image], rate: int = FRAMES_PER_SECOND) -> bytes:
    """Return RGB frames of one size, even in width and height, as an H.264 video that browsers play."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18"}
        stream.codec_context.thread_count = 1  # with more, the bytes are not the same each time
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_image(frame.convert("RGB"))))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def middle_frame(frames: Sequence[Image.Image]) -> Image.Image:
    """Return the frame that stands for a video where one picture is looked at and judged."""
    return frames[len(frames) // 2]
