"""Pictures of any kind come out as RGB, and what is none says why."""

import io
import struct

import numpy as np
import pytest
import torch
from PIL import Image

from negjudge.errors import NegjudgeError
from negjudge.judge.pictures import as_batch, is_one_picture, load_picture
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


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (np.full((2, 2), 0.5, dtype=np.float32), 128),  # mode F, as float TIFFs have it
        (np.full((2, 2), 51.0, dtype=np.float32), 51),
        (np.full((2, 2), 4095, dtype=np.uint16), 255),  # twelve bits in sixteen
        (np.full((2, 2), 65535, dtype=np.uint16), 255),
    ],
)
def test_wide_values_are_scaled_to_what_holds_them(values, shown):
    assert load_picture(Image.fromarray(values)).getpixel((0, 0)) == (shown,) * 3


@pytest.mark.parametrize("values", [[[-1.0, 0.5]], [[np.nan, 0.5]], [[1e6, 0.5]]])
def test_wide_values_of_no_known_range_are_refused(values):
    with pytest.raises(PictureError, match="mode F with values outside"):
        load_picture(Image.fromarray(np.array(values, dtype=np.float32)))


def test_a_files_bytes_and_an_open_file_are_pictures(tmp_path):
    Image.new("RGB", (4, 8), (9, 8, 7)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    with open(tmp_path / "a.png", "rb") as file:
        sources = [content, bytearray(content), io.BytesIO(content), file]
        assert all(is_one_picture(source) for source in sources)
        assert [load_picture(source).getpixel((0, 0)) for source in sources] == [(9, 8, 7)] * 4
    with pytest.raises(PictureError, match="this is not a picture, or a broken one"):
        load_picture(b"no")


def test_channels_come_first_or_last():
    picture = np.zeros((3, 8, 5), dtype=np.uint8)
    picture[1] = 200
    for source in (picture, torch.tensor(picture), picture.transpose(1, 2, 0)):
        assert load_picture(source).size == (5, 8)
        assert load_picture(source).getpixel((0, 0)) == (0, 200, 0)
    assert load_picture(torch.tensor(picture).to_sparse()).getpixel((0, 0)) == (0, 200, 0)


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((4, 4, 3), dtype=complex), torch.zeros(3, 4, 4, device="meta"), np.full((2, 2), "a")],
)
def test_arrays_of_no_numbers_are_refused(wrong):
    with pytest.raises(PictureError, match="cannot judge"):
        load_picture(wrong)


def test_what_can_only_be_walked_through_is_a_batch():
    names = ["a.png", "b.png"]
    assert list(as_batch(name for name in names)) == names
    assert as_batch("a.png") == ["a.png"]
    assert as_batch(names) is names
    assert len(as_batch(np.zeros((2, 4, 4, 3)))) == 2


@pytest.mark.parametrize("wrong", [None, {"a.png"}, {"image": "a.png"}, 42])
def test_what_is_no_batch_is_refused_naming_it(wrong):
    with pytest.raises(NegjudgeError, match=r"images is (None|a set|a dict|a int)"):
        as_batch(wrong)


def test_odd_metadata_breaks_no_picture(tmp_path, monkeypatch):
    Image.new("RGB", (4, 8), (9, 8, 7)).save(tmp_path / "a.png")
    monkeypatch.setattr("PIL.ImageOps.exif_transpose", lambda picture: struct.unpack("<H", b"x"))
    assert load_picture(tmp_path / "a.png").getpixel((0, 0)) == (9, 8, 7)


@pytest.mark.parametrize("fault", [struct.error("x"), IndexError("y"), RuntimeError("z")])
def test_whatever_a_decoder_raises_is_one_line(tmp_path, monkeypatch, fault):
    Image.new("RGB", (4, 8)).save(tmp_path / "a.png")

    def broken(picture, mode):
        raise fault

    monkeypatch.setattr("PIL.Image.Image.convert", broken)
    with pytest.raises(PictureError, match=r"a\.png is not a readable picture: broken"):
        load_picture(tmp_path / "a.png")


def test_truncated_file_is_refused(tmp_path):
    path = tmp_path / "cut.png"
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(PictureError, match=r"cut\.png is not a readable picture"):
        load_picture(path)
