"""Readings are made once for each picture and reader, in batches that a kill leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import recorded

from negjudge.data.records import Sample, read_records
from negjudge.data.runs import ORACLE
from negjudge.errors import NegjudgeError
from negjudge.oracle import readings
from negjudge.oracle.readings import SampleReading, read_pictures


@dataclass
class Reader:
    """A reader that says how long a file is, and remembers what it was shown."""

    shown: list[list[str]]
    ends_after: int = 99

    def __call__(self, paths: Sequence[Path]) -> list[readings.SampleReading]:
        if len(self.shown) == self.ends_after:
            raise KeyboardInterrupt
        self.shown.append([path.stem for path in paths])
        return [SampleReading("", "car", ("wheels",), path.stat().st_size, 0.5, "", "") for path in paths]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    found = Reader([])
    monkeypatch.setattr(readings, "load_function", lambda path, key: found)
    monkeypatch.setattr(readings, "BATCH", 2)
    return found


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    """Five pictures, of 1 to 5 bytes."""
    (tmp_path / "images").mkdir()
    found = []
    for number in range(5):
        content = b"x" * (number + 1)
        made = recorded.sample(
            id=str(number),
            seed=number,
            image=f"images/{number}.png",
            sha256=hashlib.sha256(content).hexdigest(),
        )
        (tmp_path / made.image).write_bytes(content)
        found.append(made)
    return found


def test_each_picture_is_read_once(tmp_path: Path, samples: list[Sample], reader: Reader) -> None:
    first = read_pictures(tmp_path, samples[:3], "a:b")
    assert [first[s.id].residual for s in samples[:3]] == [1.0, 2.0, 3.0]
    assert reader.shown == [["0", "1"], ["2"]]
    again = read_pictures(tmp_path, samples, "a:b")
    assert reader.shown[2:] == [["3", "4"]]
    assert {name: again[name] for name in first} == first
    assert read_records(tmp_path / ORACLE, SampleReading) == list(again.values())


def test_another_reader_and_another_picture_are_read_anew(
    tmp_path: Path, samples: list[Sample], reader: Reader
) -> None:
    read_pictures(tmp_path, samples[:1], "a:b")
    assert read_pictures(tmp_path, samples[:1], "c:d")["0"].reader == "c:d"
    (tmp_path / samples[0].image).write_bytes(b"another")
    changed = replace(samples[0], sha256=hashlib.sha256(b"another").hexdigest())
    assert read_pictures(tmp_path, [changed], "c:d")["0"].residual == 7
    assert len(reader.shown) == 3


def test_a_killed_reading_keeps_its_whole_batches(
    tmp_path: Path, samples: list[Sample], reader: Reader
) -> None:
    reader.ends_after = 2
    with pytest.raises(KeyboardInterrupt):
        read_pictures(tmp_path, samples, "a:b")
    assert len(read_records(tmp_path / ORACLE, SampleReading)) == 4
    reader.ends_after = 99
    assert len(read_pictures(tmp_path, samples, "a:b")) == 5
    assert reader.shown == [["0", "1"], ["2", "3"], ["4"]]


@pytest.mark.parametrize("content", [None, b"another"])
def test_a_picture_that_is_not_the_recorded_one_is_not_read(
    tmp_path: Path, samples: list[Sample], reader: Reader, content: bytes | None
) -> None:
    path = tmp_path / samples[1].image
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(NegjudgeError, match=r"images/1\.png"):
        read_pictures(tmp_path, samples, "a:b")
    assert reader.shown == []
