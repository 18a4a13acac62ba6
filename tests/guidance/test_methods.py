"""Settings of the methods: what is refused, and in which words."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest

from negjudge.errors import NegjudgeError
from negjudge.guidance import CFG, NAG, NASA, VSF, Plain, method_from
from negjudge.guidance.methods import METHODS


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: VSF(scale=math.nan), "VSF's scale is nan, expected a finite number"),
        (lambda: VSF(scale=-1), "VSF's scale is -1, expected 0 or more"),
        (lambda: VSF(offset=math.inf), "VSF's offset is inf, expected a finite number"),
        (lambda: VSF(offset=-0.5), "VSF's offset is -0.5, expected 0 or more"),
        (lambda: VSF(leak=1), "VSF's leak is 1, expected true or false"),
        (lambda: VSF(padding="half"), "VSF's padding is 'half', expected one of none, full"),
        (lambda: VSF(scale="1"), "VSF's scale is '1', expected a finite number"),
        (lambda: VSF(scale=True), "VSF's scale is True, expected a finite number"),
        (lambda: NAG(tau=0.5), "NAG's tau is 0.5, expected 1 or more, a bound on a ratio of norms"),
        (lambda: NAG(alpha=1.5), "NAG's alpha is 1.5, expected from 0 to 1"),
        (lambda: NAG(phi=-1), "NAG's phi is -1, expected 0 or more"),
        (lambda: NAG(norm="l3"), "NAG's norm is 'l3', expected one of l1, l2"),
        (lambda: NASA(scale=-0.1), "NASA's scale is -0.1, expected 0 or more"),
        (lambda: CFG(scale=1), "CFG's scale is 1, expected above 1; use Plain for no guidance"),
        (
            lambda: method_from("vfs", {}),
            "unknown guidance method 'vfs'; use one of none, cfg, vsf, nag, nasa",
        ),
        (
            lambda: method_from("vsf", {"scales": 1}),
            "guidance method 'vsf' has no setting 'scales'; it has scale, offset, leak, padding, "
            "special, start, stop, schedule, layers",
        ),
        (
            lambda: method_from("none", {"scale": 1}),
            "guidance method 'none' has no setting 'scale'; it has none",
        ),
    ],
)
def test_wrong_settings_are_refused_in_one_line(build, message):
    with pytest.raises(NegjudgeError) as error:
        build()
    assert str(error.value) == message


@pytest.mark.parametrize("number", [np.float32(2.5), np.float64(2.5), np.int64(2)])
def test_numpys_numbers_are_numbers(number):
    method = VSF(scale=number)
    assert (method.scale, type(method.scale)) == (float(number), float)


@pytest.mark.parametrize(
    "method",
    [Plain(), CFG(scale=4), VSF(1, 0.5, leak=True), NAG(phi=2, norm="l2"), NASA(0.2, padding="none")],
    ids=repr,
)
def test_a_method_comes_back_from_its_name_and_params(method):
    assert method_from(method.name, method.params) == method
    assert method.name in METHODS
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.scale = 3.0


def test_whole_numbers_become_floats_so_that_records_do_not_differ():
    assert VSF(scale=1).params == VSF(scale=1.0).params
    assert isinstance(VSF(scale=1).params["scale"], float)


def test_padding_defaults_are_the_papers():
    assert (VSF().padding, NAG().padding, NASA().padding) == ("none", "full", "full")


def test_nag_scale_of_the_public_code_is_phi_plus_one():
    assert NAG.from_nag_scale(5.0, tau=3.0) == NAG(phi=4.0, tau=3.0)


def test_settings_need_no_torch():
    code = "import sys; from negjudge.guidance import VSF; VSF(); print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_names_stay_functions_whatever_is_imported_first():
    code = (
        "import negjudge.guidance.guiding, negjudge.guidance as g; "
        "assert all(hasattr(g, name) for name in g.__all__); print(callable(g.guide), g.guide.__name__)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["True", "guide"]
