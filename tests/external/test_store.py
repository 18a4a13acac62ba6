"""The store of pictures from elsewhere: added, told apart, set aside, and read as the run's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from negjudge.data.records import Pair, Sample, read_records
from negjudge.external.manifest import Entry
from negjudge.external.store import RETIRED, Store, key_of, read_evaluations, read_external
from negjudge.pictures import fingerprint

PAIR = Pair("car-wheels", "car", "wheels", "a car", "wheels", others=("door",))
ENTRY = Entry(2, (), "a.png", "car-wheels", "gpt", 3, None, None, "v1", 28)
RED, BLUE = Image.new("RGB", (8, 4), "red"), Image.new("RGB", (8, 4), "blue")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "external"


def store(folder: Path) -> Store:
    return Store(folder, {PAIR.id: PAIR})


def test_what_is_added_is_read_as_the_runs_own(tmp_path: Path, folder: Path) -> None:
    assert store(folder).held == {}
    store(folder).add(ENTRY, RED)
    (sample,) = read_external(tmp_path)
    assert (sample.object, sample.element, sample.prompt, sample.negative) == (
        "car",
        "wheels",
        "a car",
        "wheels",
    )
    assert (sample.method, sample.seed, sample.width, sample.height, sample.steps) == ("gpt", 3, 8, 4, 0)
    with Image.open(tmp_path / sample.image) as picture:
        assert picture.tobytes() == RED.tobytes()
    (held,) = store(folder).held.values()
    assert (held.source.file, held.source.pixels) == ("a.png", fingerprint(RED))


def test_prompts_are_the_manifests_or_the_pairs(tmp_path: Path, folder: Path) -> None:
    rows = [
        replace(ENTRY, seed=0),
        replace(ENTRY, seed=1, prompt="a fast car", negative="rims"),
        replace(ENTRY, seed=2, negative=""),
        replace(ENTRY, seed=3, method="none"),
    ]
    for row in rows:
        store(folder).add(row, RED)
    assert [(sample.prompt, sample.negative) for sample in read_external(tmp_path)] == [
        ("a car", "wheels"),
        ("a fast car", "rims"),
        ("a car", ""),
        ("a car", ""),  # without guidance there is no negative prompt
    ]


def test_a_row_differs_by_its_picture_and_by_what_it_says_of_it(folder: Path) -> None:
    store(folder).add(ENTRY, RED)
    found = store(folder)
    assert found.differs(ENTRY, fingerprint(RED)) is None
    assert found.differs(replace(ENTRY, image="b.png"), fingerprint(RED)) is None
    assert found.differs(ENTRY, fingerprint(BLUE)) == "another picture"
    said = "another prompt, negative, model or number of evaluations"
    for change in ({"prompt": "a bus"}, {"negative": ""}, {"model": "v2"}, {"evaluations": None}):
        assert found.differs(replace(ENTRY, **change), fingerprint(RED)) == said


def test_what_is_replaced_is_set_aside(tmp_path: Path, folder: Path) -> None:
    store(folder).add(ENTRY, RED)
    (old,) = read_records(folder / "samples.jsonl", Sample)
    store(folder).add(ENTRY, BLUE)
    (new,) = read_records(folder / "samples.jsonl", Sample)
    assert key_of(new) == key_of(old) == ("car-wheels", "gpt", 3)
    assert new.sha256 != old.sha256
    assert read_records(folder / RETIRED, Sample) == [old]
    assert (folder / old.image).is_file()
    assert read_evaluations(tmp_path) == {"gpt": 28}


@pytest.mark.parametrize("content", [None, b"another"])
def test_a_picture_that_is_gone_or_changed_is_not_held(folder: Path, content: bytes | None) -> None:
    store(folder).add(ENTRY, RED)
    (sample,) = read_records(folder / "samples.jsonl", Sample)
    path = folder / sample.image
    path.unlink() if content is None else path.write_bytes(content)
    assert store(folder).held == {}
    assert store(folder).recorded == {key_of(ENTRY)}


def test_evaluations_are_told_where_all_pictures_of_a_method_cost_the_same(
    tmp_path: Path, folder: Path
) -> None:
    for seed, (method, evaluations) in enumerate(
        [("a", 8), ("a", 8), ("b", 8), ("b", 9), ("c", None), ("d", 5)]
    ):
        store(folder).add(replace(ENTRY, seed=seed, method=method, evaluations=evaluations), RED)
    assert read_evaluations(tmp_path) == {"a": 8, "d": 5}
