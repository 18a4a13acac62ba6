"""Which pictures are made, under which names, in which place of the sheet."""

import pytest

from negjudge.errors import NegjudgeError
from negjudge.generation.sweeps.plan import Asked, Output, find_output, plan_of
from negjudge.generation.sweeps.values import Sweep
from negjudge.guidance import NAG, VSF, Plain

BASE = Asked("a bicycle", "wheels", VSF(offset=0.5), 0, {"width": 64})


@pytest.fixture
def output(tmp_path):
    return find_output(str(tmp_path / "out.png"))


def names(plan):
    return [[picture.path.name for picture in line.pictures] for line in plan.lines]


def settings(plan):
    return [[(p.asked.method, p.asked.negative, p.asked.seed) for p in line.pictures] for line in plan.lines]


def test_one_picture_has_no_sheet(output, tmp_path):
    plan = plan_of(BASE, [5], [], output)
    assert (names(plan), plan.sheet) == ([["out.png"]], None)
    assert settings(plan) == [[(BASE.method, "wheels", 5)]]
    assert names(plan_of(BASE, [5], [], Output(tmp_path, None))) == [["seed5.png"]]


def test_seeds_go_over_lines_of_like_length(output):
    plan = plan_of(BASE, list(range(10)), [], output)
    assert [len(line.pictures) for line in plan.lines] == [5, 5]
    assert names(plan)[1][0] == "out-seed5.png"
    assert [picture.heading for picture in plan.pictures] == [f"seed {n}" for n in range(10)]
    assert (plan.sheet.name, plan.columns) == ("out.png", ())


def test_a_sweep_begins_without_guidance(output):
    plan = plan_of(BASE, [2], [Sweep("scale", (0.0, 1.5))], output)
    assert names(plan) == [["out-none-seed2.png", "out-scale0-seed2.png", "out-scale1.5-seed2.png"]]
    guided = [(VSF(scale=scale, offset=0.5), "wheels", 2) for scale in (0, 1.5)]
    assert settings(plan) == [[(Plain(), "", 2), *guided]]
    assert [picture.heading for picture in plan.pictures] == ["no guidance", "scale 0", "scale 1.5"]


def test_a_sweep_of_several_seeds_has_a_line_a_seed(output):
    plan = plan_of(BASE, [2, 4], [Sweep("scale", (0.0, 1.5))], output)
    assert plan.columns == ("no guidance", "scale 0", "scale 1.5")
    assert [line.label for line in plan.lines] == ["seed 2", "seed 4"]
    assert names(plan)[1] == ["out-none-seed4.png", "out-scale0-seed4.png", "out-scale1.5-seed4.png"]


def test_two_sweeps_are_a_table(output):
    sweeps = [Sweep("phi", (1.0, 2.0)), Sweep("padding", ("none", "full"))]
    plan = plan_of(Asked("a bicycle", "wheels", NAG(), 0, {}), [3], sweeps, output)
    assert plan.columns == ("no guidance", "phi 1", "phi 2")
    assert [line.label for line in plan.lines] == ["padding none", "padding full"]
    assert settings(plan)[1][2] == (NAG(phi=2.0, padding="full"), "wheels", 3)
    assert names(plan)[1] == [
        "out-none-seed3.png",
        "out-phi1-paddingfull-seed3.png",
        "out-phi2-paddingfull-seed3.png",
    ]
    assert len(plan.pictures) == 5  # the one without guidance counts once


def test_a_name_is_a_files_name(output):
    plan = plan_of(BASE, [0], [Sweep("layers", ("0 - 3", "all"))], output)
    assert names(plan)[0][1] == "out-layers0_-_3-seed0.png"


def test_a_value_that_does_not_fit_is_named(output):
    with pytest.raises(NegjudgeError, match="--sweep at scale -1: VSF's scale is -1, expected 0 or more"):
        plan_of(BASE, [0], [Sweep("scale", (-1.0, 1.0))], output)
    with pytest.raises(NegjudgeError, match="--seeds: two --sweep fill the sheet's columns and rows"):
        plan_of(BASE, [0, 1], [Sweep("scale", (1.0,)), Sweep("offset", (1.0,))], output)


def test_outputs(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert find_output(str(tmp_path)) == Output(tmp_path, None)
    assert find_output(f"{tmp_path}/new/") == Output(tmp_path / "new", None)
    assert find_output(f"{tmp_path}/x.PNG") == Output(tmp_path, tmp_path / "x.PNG")
    for name, fault in (
        ("new", "expected a name that ends in .png, or a folder"),
        ("x.jpg", "expected a name that ends in .png"),
        ("new/x.png", "there is no folder .*new to write x.png into"),
        ("new/folder/", "there is no folder .*new to write folder into"),
        ("file/", "is a file; choose another name"),
    ):
        with pytest.raises(NegjudgeError, match=fault):
            find_output(f"{tmp_path}/{name}")
