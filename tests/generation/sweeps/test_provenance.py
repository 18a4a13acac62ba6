"""What a picture says of itself survives, and what is broken or missing is named."""

import json

import av
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from negjudge.errors import NegjudgeError
from negjudge.generation.pipelines import Model
from negjudge.generation.sweeps.plan import Asked
from negjudge.generation.sweeps.provenance import (
    KEY,
    asked_from,
    check_records_ours,
    is_made,
    read_record,
    record_of,
    save_picture,
)
from negjudge.guidance import VSF

ASKED = Asked("ein Fahrrad, 自転車", "Räder", VSF(scale=2.0), 3, {"num_inference_steps": 2})
DRAWN = Image.new("RGB", (8, 4), "red")


@pytest.fixture
def record(tmp_path):
    return record_of(ASKED, Model("some/model", tmp_path, "r1"))


def png(path, text=None):
    info = PngInfo()
    if text is not None:
        info.add_text(KEY, text)
    DRAWN.save(path, pnginfo=info)
    return path


def test_a_record_comes_back_from_the_picture_and_from_beside_it(tmp_path, record):
    save_picture(tmp_path / "x.png", DRAWN, record, {"num_inference_steps": 2})
    held = read_record(tmp_path / "x.png")
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == held
    assert held == {**record, "rendered": {"num_inference_steps": 2, "width": 8, "height": 4}}
    assert asked_from(held) == ASKED
    assert Image.open(tmp_path / "x.png").tobytes() == DRAWN.tobytes()


def test_a_picture_is_made_when_its_own_record_says_so(tmp_path, record):
    path = tmp_path / "x.png"
    assert not is_made(path, record)
    save_picture(path, DRAWN, record, {})
    (tmp_path / "x.json").unlink()  # a run killed between the two
    assert is_made(path, record)
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == read_record(path)
    assert not is_made(path, {**record, "seed": 4})
    path.write_bytes(path.read_bytes()[:-30])
    assert not is_made(path, record)


def test_a_video_lies_beside_its_middle_frame(tmp_path, record):
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in (10, 120, 240)]
    save_picture(tmp_path / "out.png", frames, record, {})
    with Image.open(tmp_path / "out.png") as middle:
        assert middle.getpixel((8, 8)) == (120, 0, 0)
    with av.open(str(tmp_path / "out.mp4")) as video:
        assert len(list(video.decode(video=0))) == 3
    assert is_made(tmp_path / "out.png", record)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, "does not say how it was made: it has no 'negjudge' text"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[1]", "no usable prompt, negative"),
        ('{"pictures": [1, 2]}', "is a sheet of 2 pictures; give one of them"),
    ],
)
def test_a_picture_without_a_usable_record_is_named(tmp_path, text, fault):
    path = png(tmp_path / "x.png", text)
    with pytest.raises(NegjudgeError, match=fault) as raised:
        read_record(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"seed": "3"}, "no usable seed"),
        ({"seed": True}, "no usable seed"),
        ({"call": [], "prompt": None}, "no usable prompt, call"),
        ({"seed": -1}, "no usable dtype or seed"),
        ({"dtype": "float8"}, "no usable dtype or seed"),
    ],
)
def test_a_record_of_wrong_types_is_named(tmp_path, record, change, fault):
    with pytest.raises(NegjudgeError, match=fault):
        read_record(png(tmp_path / "x.png", json.dumps({**record, **change})))


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "x.png").write_bytes(b"no picture")
    DRAWN.save(tmp_path / "x.jpg")
    for name, fault in (
        ("y.png", "there is no picture"),
        ("x.png", "is no PNG"),
        ("x.jpg", "is no PNG"),
        ("", "folder"),
    ):
        with pytest.raises(NegjudgeError, match=fault):
            read_record(tmp_path / name)


def test_a_json_file_of_someone_else_is_spared(tmp_path, record):
    save_picture(tmp_path / "x.png", DRAWN, record, {})
    check_records_ours([tmp_path / "x.png", tmp_path / "new.png"])
    for content in ('{"name": "package"}', "[]", "no JSON"):
        (tmp_path / "package.json").write_text(content)
        with pytest.raises(NegjudgeError, match=r"package\.json for its record, which holds something else"):
            check_records_ours([tmp_path / "package.png"])
