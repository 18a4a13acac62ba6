"""Each method's settings are read, and wrong ones end in one line."""

import json

import pytest

from negjudge.errors import NegjudgeError
from negjudge.generation.settings import read_settings
from negjudge.guidance import VSF, Plain


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("nag: {phi: 4}", r"no settings for 'vsf'.*make tune"),
        ("vsf: {scal: 4}", "'scal'"),
        ("vsf: {scale: -1}", "scale"),
        ("vsf: 3", "no settings for 'vsf'"),
        ("vsf: [", "not valid YAML"),
    ],
)
def test_wrong_settings_end_in_one_line(tmp_path, content, fault):
    path = tmp_path / "settings.yaml"
    path.write_text(content)
    with pytest.raises(NegjudgeError, match=fault):
        read_settings(path, ["none", "vsf"])


def test_settings_are_read(recipe_values):
    found = read_settings(recipe_values["settings"], ["none", "vsf"])
    assert found == {"none": Plain(), "vsf": VSF(scale=1.0, offset=0.5)}
    assert json.dumps(found["vsf"].params)
