"""A picture as the bytes of a file."""

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from negjudge.pictures import encoded, png

PICTURE = Image.linear_gradient("L").convert("RGB").resize((16, 12))


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("JPEG", {"quality": 75, "comment": "as made"})])
def test_the_bytes_are_those_of_a_saved_file(tmp_path, kind, options):
    PICTURE.save(tmp_path / "picture", kind, **options)
    assert encoded(PICTURE, kind, **options) == (tmp_path / "picture").read_bytes()


def test_a_text_goes_with_a_picture_and_not_with_its_pixels_alone():
    info = PngInfo()
    info.add_text("key", "word")
    told = Image.open(io.BytesIO(encoded(PICTURE, "PNG", pnginfo=info)))
    assert told.info["key"] == "word"
    assert Image.open(io.BytesIO(png(told))).info == {}
