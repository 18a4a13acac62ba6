"""Functions named in recipes."""

import json

import pytest

from negjudge.errors import NegjudgeError
from negjudge.recipes import load_function


def test_a_function_is_found_by_its_path():
    assert load_function("json:dumps", "voter") is json.dumps


@pytest.mark.parametrize(
    "path", ["json:nothing", "nothing.at.all:vote", "json", ":dumps", "", "json:__name__"]
)
def test_what_is_no_function_is_refused_with_the_key(path):
    with pytest.raises(NegjudgeError, match=r"key 'voter'.*expected module:function"):
        load_function(path, "voter")
