"""Pictures on the page: small ones as they are, large ones smaller, broken ones named."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from negjudge.errors import NegjudgeError
from negjudge.report.pictures import SIDE, thumbnail


def test_large_pictures_are_made_smaller_and_broken_ones_named(tmp_path: Path) -> None:
    Image.new("RGB", (1024, 512), "red").save(tmp_path / "large.png")
    kind, data = thumbnail(tmp_path / "large.png").split(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (SIDE, SIDE // 2)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(NegjudgeError, match=r"broken\.png is no picture"):
        thumbnail(tmp_path / "broken.png")
