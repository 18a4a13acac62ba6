"""`negjudge score`: what the library says, and one line for every fault."""

from __future__ import annotations

import json

import pytest

from negjudge import Judge
from negjudge.cli.main import main
from negjudge.data.nested import from_dict
from negjudge.data.records import Verdict


@pytest.fixture
def score(adapter):
    def run(images, *options, absent="wheels"):
        words = ["--object", "bicycle", "--absent", absent, "--judge", str(adapter)]
        return main(["score", *map(str, images), *words, *options])

    return run


def test_json_is_the_librarys_verdict(score, adapter, pictures, capsys):
    whole = [path for path in pictures if path != pictures[3]]
    assert score(whole, "--json", "--batch-size", "2") == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.pop("image") for line in printed] == [str(path) for path in whole]
    shown = [from_dict(line, Verdict, "stdout") for line in printed]
    expected = Judge.from_pretrained(adapter).score(whole, objects="bicycle", absent="wheels", batch_size=2)
    assert [verdict.judge for verdict in shown] == [str(adapter)] * len(whole)
    for one, other in zip(shown, expected, strict=True):
        assert 0 <= one.success <= 1
        assert 1 <= one.quality <= 5
        assert one.success == pytest.approx(other.success, abs=1e-6)
        assert one.element_present == pytest.approx(other.element_present, abs=1e-6)


def test_the_rest_is_judged_and_what_cannot_be_is_named(score, pictures, capsys):
    missing = pictures[0].with_name("none.png")
    assert score([pictures[3], pictures[0], missing]) == 2
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    for word in (f"{pictures[0]}: bicycle 0.", "wheels 0.", "success 0.", "quality "):
        assert word in printed.out
    line = printed.err.strip().splitlines()[-1]
    assert line.startswith("error: 2 of 3 pictures not judged: ")
    assert f"{pictures[3]} is not a" in line
    assert f"there is no picture {missing}" in line


def test_a_word_that_the_judge_does_not_know_is_named(score, pictures, capsys):
    assert score(pictures[:1], absent="flurbles") == 2
    assert "flurbles" in capsys.readouterr().err.strip().splitlines()[-1]
