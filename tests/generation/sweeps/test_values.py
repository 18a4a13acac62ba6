"""Seeds and sweeps from the command line: exact values, and one line for what is none."""

import pytest

from negjudge.errors import NegjudgeError
from negjudge.generation.sweeps.values import MOST, Sweep, label, parse_seeds, parse_sweep
from negjudge.guidance import CFG, NAG, VSF, Plain


@pytest.mark.parametrize(
    ("text", "seeds"), [("0:3", (0, 1, 2)), ("7:9", (7, 8)), ("5,1,9", (5, 1, 9)), ("4", (4,))]
)
def test_seeds(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "expected a range"),
        ("3:", "expected a range"),
        ("0:8:2", "expected a range"),
        ("-1", "expected a range"),
        ("1,x", "expected a range"),
        ("4:4", "holds no seed"),
        ("8:2", "holds no seed"),
        ("1,2,1", "holds 1 twice"),
        (f"0:{MOST + 1}", "holds 65 values, expected at most 64"),
        ("0:999999999999999999", "values, expected at most 64"),
    ],
)
def test_bad_seeds(text, fault):
    with pytest.raises(NegjudgeError, match=fault) as raised:
        parse_seeds(text)
    assert str(raised.value).startswith(f"--seeds {text}")


def test_a_range_is_evenly_spaced_with_both_ends():
    assert parse_sweep("scale=0:6:7", VSF) == Sweep("scale", (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
    assert parse_sweep("offset=0:0.5:6", VSF).values == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert parse_sweep("scale=3:1:3", VSF).values == (3.0, 2.0, 1.0)
    assert len(parse_sweep(f"scale=0:1:{MOST}", VSF).values) == MOST


def test_listed_values_have_the_settings_type():
    assert parse_sweep("scale=1, 2.5", VSF).values == (1.0, 2.5)
    assert parse_sweep("leak=true,false", VSF).values == (True, False)
    assert parse_sweep("padding=none,full", NAG).values == ("none", "full")


@pytest.mark.parametrize(
    ("text", "kind", "fault"),
    [
        ("scale", VSF, "expected NAME=START:STOP:COUNT"),
        ("=1,2", VSF, "expected NAME=START:STOP:COUNT"),
        ("scale=", VSF, "expected NAME=START:STOP:COUNT"),
        ("tau=1,2", VSF, "method 'vsf' has no setting 'tau'; it has .*scale, offset, leak"),
        ("scale=1,2", Plain, "method 'none' has no setting 'scale'; it has none"),
        ("scale=0:6", VSF, "expected NAME=START:STOP:COUNT"),
        ("scale=0:6:2.5", VSF, "expected NAME=START:STOP:COUNT"),
        ("scale=0:6:1", VSF, "COUNT is 1, expected 2 to 64"),
        ("scale=0:6:65", VSF, "COUNT is 65, expected at most 64"),
        ("scale=2:2:3", VSF, "START and STOP are both 2"),
        ("scale=a:6:3", VSF, "'a' is not a number"),
        ("scale=0:inf:3", VSF, "'inf' is not a finite number"),
        ("scale=1,much", VSF, "'much' is not a number"),
        ("scale=1,,2", VSF, "a value is empty"),
        ("scale=1,1.0", VSF, "holds 1 twice"),
        ("scale=" + ",".join(map(str, range(2, 67))), CFG, "holds 65 values, expected at most 64"),
        ("padding=0:1:2", NAG, "padding is not a number; list its values, such as padding=full"),
        ("leak=0:1:2", VSF, "leak is not a number; list its values, such as leak=false"),
        ("leak=yes,no", VSF, "'yes' is neither true nor false"),
    ],
)
def test_bad_sweeps(text, kind, fault):
    with pytest.raises(NegjudgeError, match=fault) as raised:
        parse_sweep(text, kind)
    assert str(raised.value).startswith(f"--sweep {text}")


def test_labels_are_short():
    assert [label("scale", 0.5), label("leak", False), label("scale", 3.0, "")] == [
        "scale 0.5",
        "leak false",
        "scale3",
    ]
