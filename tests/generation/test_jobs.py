"""Pairs are chosen by split, seeds by pair, and the control names another element."""

import json
from pathlib import Path

import pytest

from negjudge.data.pairs import read_pairs, select_pairs
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.generation.jobs import PictureSet, jobs_of, seed_of, wrong_negatives
from negjudge.generation.settings import read_settings
from negjudge.guidance import VSF, Plain


@pytest.fixture
def splits(recipe_values):
    return read_splits(recipe_values["splits"])


def test_parts_are_joined_and_each_pair_comes_once(pairs, splits):
    chosen = select_pairs(pairs, splits, ["methods/test", "judge/train", "methods/test"])
    assert [pair.id for pair in chosen] == [*splits.methods["test"], *splits.judge["train"]]


def test_an_unknown_part_is_named_with_the_known_ones(pairs, splits):
    with pytest.raises(NegjudgeError, match=r"methods/tset.*methods/test"):
        select_pairs(pairs, splits, ["methods/tset"])


def test_a_split_of_pairs_that_are_not_there_is_refused(pairs, splits):
    lacking = {name: pair for name, pair in pairs.items() if name != "bicycle-seat"}
    with pytest.raises(NegjudgeError, match="bicycle-seat"):
        select_pairs(lacking, splits, ["methods/test"])


def test_seeds_are_shared_by_methods_and_by_no_two_pairs(pairs):
    jobs = jobs_of(list(pairs.values()), [Plain(), VSF()], seeds=4)
    seeds = {(job.pair.id, job.seed) for job in jobs}
    assert len(jobs) == len(pairs) * 2 * 4
    assert len(seeds) == len({seed for _, seed in seeds}) == len(pairs) * 4
    assert all(0 <= seed < 2**31 for _, seed in seeds)


def test_more_seeds_keep_the_first_ones(pairs):
    few, many = (jobs_of(list(pairs.values()), [VSF()], seeds) for seeds in (2, 5))
    assert many[: len(few)] == few


def test_seeds_never_change(pairs):
    assert seed_of(pairs["bicycle-wheels"], 0) == 1258097489


def test_the_control_names_another_element_of_the_object(pairs):
    control = wrong_negatives(list(pairs.values()), pairs.values())
    assert {pair.id for pair in control} == set(pairs) - {"cat-tail"}  # a cat has nothing else
    for pair in control:
        assert pair.element == pairs[pair.id].element
        assert pair.negative in {p.negative for p in pairs.values() if p.object == pair.object}
        assert pair.negative != pairs[pair.id].negative


def test_the_control_leaves_out_unguided_pictures(pairs, splits):
    jobs = PictureSet(["methods/test"], 2).control(pairs, splits, [Plain(), VSF()])
    assert {job.method for job in jobs} == {VSF()}
    assert len(jobs) == 6


def test_a_pair_that_comes_twice_is_named(recipe_values, tmp_path):
    path = tmp_path / "twice.jsonl"
    lines = Path(recipe_values["pairs"]).read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]))
    with pytest.raises(NegjudgeError, match=r"bicycle-seat.*twice"):
        read_pairs(path)


def test_a_folder_gives_the_pairs_of_all_its_files(pairs, recipe_values, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    lines = Path(recipe_values["pairs"]).read_text().splitlines(keepends=True)
    (folder / "test.jsonl").write_text("".join(lines[:2]))
    (folder / "dev.jsonl").write_text("".join(lines[2:]))
    assert list(read_pairs(folder)) == [*list(pairs)[2:], *list(pairs)[:2]]
    (folder / "more.jsonl").write_text(lines[0])
    with pytest.raises(NegjudgeError, match=r"folder: the pair .* twice"):
        read_pairs(folder)


def test_pairs_that_are_missing_are_named(tmp_path):
    with pytest.raises(NegjudgeError, match=r"none\.jsonl"):
        read_pairs(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("nag: {phi: 4}", r"no settings for 'vsf'.*make tune"),
        ("vsf: {scal: 4}", "'scal'"),
        ("vsf: {scale: -1}", "scale"),
        ("vsf: 3", "no settings for 'vsf'"),
        ("vsf: [", "not valid YAML"),
    ],
)
def test_wrong_settings_end_in_one_line(tmp_path, content, fault):
    path = tmp_path / "settings.yaml"
    path.write_text(content)
    with pytest.raises(NegjudgeError, match=fault):
        read_settings(path, ["none", "vsf"])


def test_settings_are_read(recipe_values):
    found = read_settings(recipe_values["settings"], ["none", "vsf"])
    assert found == {"none": Plain(), "vsf": VSF(scale=1.0, offset=0.5)}
    assert json.dumps(found["vsf"].params)
