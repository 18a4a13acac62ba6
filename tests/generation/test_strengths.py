"""Drawn strengths: evenly over the space, the same for ever, refused where a space does not fit."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negjudge.errors import NegjudgeError
from negjudge.generation.spaces import Range, Words, axis_of
from negjudge.generation.strengths import draw_method, read_spaces
from negjudge.guidance import CFG, NASA, VSF, Plain

TUNE = "generate/recipes/mini-tune.yaml"


@given(
    low=st.integers(-50, 50),
    length=st.floats(0.01, 100),
    step=st.sampled_from([0.02, 0.05, 0.1, 0.25, 0.5, 1, 3]),
)
def test_a_range_never_leaves_its_ends(low, length, step):
    values = axis_of("x", [low, low + length, step]).values
    assert values[0] == low
    assert max(values) <= low + length + 1e-6 < values[-1] + step + 2e-6
    assert len(set(values)) == len(values)


def test_ranges_hold_their_highest_value():
    assert axis_of("x", [1.25, 10, 0.25]).values[-1] == 10
    assert axis_of("x", [0, 0.8, 0.02]).values[-1] == 0.8
    assert axis_of("x", [0, 1, 0.35]) == Range(0, 1, 0.35)
    assert axis_of("x", ["none", "full"]) == Words(("none", "full"))


@pytest.mark.parametrize(
    "values",
    [[], [1], [1, 2], [2, 1, 0.1], [1, 1, 1], [0, 1, 0], [0, 1, -1], ["a"], ["a", "a"], ["a", 1, 2], 3,
     [0, True, 1], [0, 1, None], None],
)  # fmt: skip
def test_what_is_neither_range_nor_words_is_refused(values):
    with pytest.raises(NegjudgeError, match=r"vsf\.scale is .*expected \[lowest, highest, step\] or words"):
        axis_of("vsf.scale", values)


def test_every_setting_is_drawn_about_as_often():
    space = {"scale": [0, 0.8, 0.1], "padding": ["none", "full"]}
    found = Counter(draw_method("nasa", space, {}, random.Random(str(n))) for n in range(3600))
    assert len(found) == 18
    assert min(found.values()) > 140
    assert max(found.values()) < 260


def test_what_is_fixed_stays_and_no_guidance_has_no_strength():
    method = draw_method("vsf", {"scale": [0, 4, 0.05]}, {"padding": "full"}, random.Random(0))
    assert isinstance(method, VSF)
    assert (method.padding, method.offset) == ("full", 0.0)
    assert draw_method("none", {}, {}, random.Random(0)) == Plain()


def test_draws_never_change():
    spaces = read_spaces(TUNE, ["none", "cfg", "vsf", "nag", "nasa"])
    assert spaces.draw("cfg", "a key") == CFG(6.25)
    assert spaces.draw("nasa", "a key") == NASA(0.46)
    assert spaces.draw("nasa", "another key") != NASA(0.46)
    assert spaces.draw("none", "a key") == Plain()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: 1", "no space for 'vsf' under 'spaces'"),
        ("spaces: [vsf]", "key 'spaces' is no mapping"),
        ("spaces: {vsf: 3}", "key 'spaces' is no mapping"),
        ("spaces: {vsf: {}}", "spaces: vsf is empty"),
        ("spaces: {vsf: {scale: [0, 4]}}", r"spaces: vsf\.scale is \[0, 4\], expected"),
        ("spaces: {vsf: {scale: [-1, 4, 1]}}", "spaces: vsf: VSF's scale"),
        ("spaces: {vsf: {strength: [0, 4, 1]}}", "spaces: vsf: .*no setting 'strength'"),
        ("spaces: {vsf: {scale: [0, 4, 1]}}\nfixed: {vsf: {padding: half}}", "spaces: vsf: .*half"),
        ("spaces: {vsf: {scale: [0, 4, 1]}}\nfixed: 3", "key 'fixed' is no mapping"),
    ],
)
def test_a_file_that_does_not_fit_is_named_with_what_is_wrong(tmp_path: Path, content, message):
    (tmp_path / "tune.yaml").write_text(content)
    with pytest.raises(NegjudgeError, match=f"tune.yaml.*{message}"):
        read_spaces(tmp_path / "tune.yaml", ["none", "vsf"])
