"""Which pictures are labelled, and what the server may show."""

import dataclasses
import hashlib
import os

import lab
import pytest

from negjudge.data.records import Sample, read_records, write_records
from negjudge.data.runs import read_picture
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.labeling.pictures import adopt, choose_samples, serve_pictures


def choose(folder, pairs=None, splits=None, parts=(), per_pair=None):
    return choose_samples(folder, pairs, splits, parts, per_pair)


def test_a_draw_is_the_same_whenever_it_is_made_and_takes_as_many_of_each_pair(tmp_path):
    samples = lab.fill(tmp_path, 24)
    drawn = choose(tmp_path, per_pair=2)
    write_records(tmp_path / "samples.jsonl", reversed(samples))
    assert choose(tmp_path, per_pair=2) == drawn
    pairs = [sample.pair for sample in drawn]
    assert sorted(pairs) == sorted([*set(pairs)] * 2)
    assert len(choose(tmp_path)) == 24
    assert [sample.id for sample in drawn] == sorted(sample.id for sample in drawn)


def test_parts_of_the_splits_choose_pairs(tmp_path):
    files = str(lab.ROOT / "data/mini/pairs.jsonl"), str(lab.ROOT / "data/mini/splits.json")
    judge = read_splits(files[1]).judge
    pairs = judge["train"][0], judge["seen"][0]
    mini = [dataclasses.replace(s, pair=pair) for s, pair in zip(lab.fill(tmp_path, 2), pairs, strict=True)]
    write_records(tmp_path / "samples.jsonl", mini)
    assert [sample.pair for sample in choose(tmp_path, *files, ["judge/train"])] == [pairs[0]]
    with pytest.raises(NegjudgeError, match="no split 'judge/nothing'"):
        choose(tmp_path, *files, ["judge/nothing"])
    with pytest.raises(NegjudgeError, match="has no sample of the pairs in judge/validation"):
        choose(tmp_path, *files, ["judge/validation"])
    with pytest.raises(NegjudgeError, match="needs the files 'pairs' and 'splits'"):
        choose(tmp_path, parts=["judge/train"])


def test_nothing_to_label_says_which_stage_comes_first(tmp_path):
    with pytest.raises(NegjudgeError, match="run `make generate` first"):
        choose(tmp_path)


def test_an_id_that_would_leave_the_folder_is_refused(tmp_path):
    (sample,) = lab.fill(tmp_path, 1)
    write_records(tmp_path / "samples.jsonl", [dataclasses.replace(sample, id="../../x")])
    with pytest.raises(NegjudgeError, match="cannot name a file"):
        choose(tmp_path)


def test_only_the_recorded_pngs_are_served(tmp_path):
    samples = lab.fill(tmp_path, 3)
    (tmp_path / "images/note.html").write_text("<script>")
    served = tmp_path / "served"
    for _ in range(2):
        serve_pictures(samples, tmp_path, served)
    assert sorted(path.name for path in served.iterdir()) == sorted(f"{s.id}.png" for s in samples)
    assert all(os.path.samefile(served / f"{s.id}.png", tmp_path / s.image) for s in samples)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\nbroken", b"<svg/>"])
def test_a_picture_that_is_not_the_recorded_one_is_named(tmp_path, content):
    samples = lab.fill(tmp_path, 2)
    (tmp_path / samples[1].image).write_bytes(content)
    with pytest.raises(NegjudgeError, match=f"{samples[1].id}.png is not the picture that was recorded"):
        serve_pictures(samples, tmp_path, tmp_path / "served")
    (tmp_path / samples[1].image).unlink()
    with pytest.raises(NegjudgeError, match=f"{samples[1].id}.png is missing"):
        serve_pictures(samples, tmp_path, tmp_path / "served")


@pytest.mark.parametrize("content", [b"<svg/>", b""])
def test_a_recorded_picture_that_is_no_png_is_neither_served_nor_copied(tmp_path, content):
    (sample,) = lab.fill(tmp_path, 1)
    (tmp_path / sample.image).write_bytes(content)
    recorded = dataclasses.replace(sample, sha256=hashlib.sha256(content).hexdigest())
    for refuse in (
        lambda: serve_pictures([recorded], tmp_path, tmp_path / "served"),
        lambda: adopt([recorded], tmp_path, tmp_path / "b"),
    ):
        with pytest.raises(NegjudgeError, match=f"{sample.id}.png is no PNG"):
            refuse()
    assert not [*(tmp_path / "served").iterdir()]


def test_samples_of_another_run_are_copied_once(tmp_path):
    samples = lab.fill(tmp_path / "a", 4)
    adopt(samples[:2], tmp_path / "a", tmp_path / "b")
    adopt(samples, tmp_path / "a", tmp_path / "b")
    assert read_records(tmp_path / "b/samples.jsonl", Sample) == samples
    for sample in samples:
        assert read_picture(tmp_path / "b", sample) == read_picture(tmp_path / "a", sample)
        assert not os.path.samefile(tmp_path / "a" / sample.image, tmp_path / "b" / sample.image)
