"""What was frozen is read back, and a setting that two contestants share counts for each."""

import dataclasses
import json

import pytest

from negjudge.data.records import Sample
from negjudge.errors import NegjudgeError
from negjudge.tuning.frozen import FROZEN, Chosen, Frozen, freeze, read_frozen


def test_a_setting_that_two_contestants_share_counts_for_each(tmp_path):
    one = {"scale": 1.0, "offset": 0}
    both = ({"scale": 2.0}, {"offset": 0.0, "scale": 1})
    contestants = {"a": Chosen("vsf", (one,), {}, 1), "b": Chosen("vsf", both, {}, 1)}
    frozen = Frozen("", contestants, (), (), 1, 1, "", "", {})
    sample = Sample("1", "p", "o", "e", "", "", "vsf", one, 0, "", "", "", "", 4, 1, 1, "", "")
    plain = dataclasses.replace(sample, method="none", params={})
    assert [s.method for s in frozen.named([plain, sample])] == ["none", "a"]
    assert [s.method for s in frozen.named([sample], chosen=False)] == ["a", "b"]
    assert freeze(tmp_path, frozen) == read_frozen(tmp_path) == frozen
    (tmp_path / FROZEN).write_text(json.dumps({"contestants": []}))
    with pytest.raises(NegjudgeError, match="not what a contest wrote"):
        read_frozen(tmp_path)
