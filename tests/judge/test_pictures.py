"""Pictures of any kind come out as RGB, and what is none says why."""

import numpy as np
import pytest
import torch
from PIL import Image

from negjudge.judge.pictures import is_one_picture, load_picture
from negjudge.pictures import PictureError


def test_batches_are_told_from_pictures():
    image = Image.new("RGB", (4, 4))
    for one in ("a.png", image, np.zeros((4, 4, 3)), torch.zeros(3, 4, 4)):
        assert is_one_picture(one)
    for batch in (["a.png"], (image,), np.zeros((2, 4, 4, 3)), torch.zeros(2, 3, 4, 4)):
        assert not is_one_picture(batch)


def test_transparency_lies_on_white():
    assert load_picture(Image.new("RGBA", (2, 2), (255, 0, 0, 0))).getpixel((0, 0)) == (255, 255, 255)
    palette = Image.new("P", (2, 2), 0)
    palette.info["transparency"] = 0
    assert load_picture(palette).getpixel((0, 0)) == (255, 255, 255)


def test_orientation_of_a_camera_is_applied(tmp_path):
    picture = Image.new("RGB", (8, 4), "red")
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert load_picture(tmp_path / "turned.jpg").size == (4, 8)


def test_deep_and_grey_pictures():
    deep = Image.fromarray(np.full((2, 2), 65535 // 2, dtype=np.uint16))
    assert load_picture(deep).getpixel((0, 0)) == (127, 127, 127)
    assert load_picture(np.full((2, 2), 9, dtype=np.uint8)).getpixel((1, 1)) == (9, 9, 9)
    assert load_picture(torch.full((1, 2, 2), 0.2)).getpixel((1, 1)) == (51, 51, 51)
    assert load_picture(Image.new("CMYK", (2, 2))).mode == "RGB"


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 4, 2)),
        np.zeros(4),
        np.zeros((0, 4, 3)),
        np.full((4, 4, 3), 2.0),
        np.full((4, 4, 3), np.nan),
        np.full((4, 4, 3), 256),
        torch.full((3, 4, 4), -1),
        Image.new("RGB", (1000, 2)),
        42,
        "http://a.example/b.png",
        ".",
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(wrong):
    with pytest.raises(PictureError) as error:
        load_picture(wrong)
    assert "\n" not in str(error.value)


def test_truncated_file_is_refused(tmp_path):
    path = tmp_path / "cut.png"
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(PictureError, match=r"cut\.png is not a readable picture"):
        load_picture(path)
