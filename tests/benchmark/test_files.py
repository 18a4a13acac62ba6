"""The committed benchmark keeps its specification, its splits and its card; files are read line by line."""

import json

import pytest
from benchmarked import DEV, FOLDER, LADDER, TEST, rows, write

from negjudge.benchmark.files import benchmark_splits, check, sample, table
from negjudge.cli.main import main
from negjudge.data.pairs import read_pairs, select_pairs
from negjudge.data.records import Pair, from_dict
from negjudge.data.splits import read_splits, splits_json, violations
from negjudge.errors import NegjudgeError


def test_the_committed_benchmark_has_no_violations(capsys):
    assert main(["benchmark", "check", str(FOLDER)]) == 0
    assert capsys.readouterr().out.endswith("\n200 + 60 pairs, no violations\n")


def test_the_card_tells_the_pairs_by_category_and_relation():
    card = (FOLDER / "README.md").read_text()
    for line in table([*DEV, *TEST]).splitlines()[1:]:
        assert f"| {' | '.join(line.split())} |\n" in card


def test_lines_that_are_no_pairs_are_named(tmp_path):
    file = tmp_path / "mine.jsonl"
    lacking = {name: value for name, value in LADDER.items() if name != "why"}
    file.write_text(f'{json.dumps(LADDER)}\n{{"id"\n\n[1]\n{json.dumps(lacking)}\n')
    found = check(file).violations
    assert [line.split(": ")[0] for line in found] == [f"{file}:{n}" for n in (2, 3, 4, 5)]
    assert found[0].endswith("not valid JSON; write one object a line, and no empty lines")
    assert found[3].endswith("ladder-rungs: no why; give every field of the specification")


def test_the_command_prints_pairs_violations_and_ends_with_2(tmp_path, capsys):
    file = write(tmp_path / "mine.jsonl", [LADDER, {**LADDER, "id": "x"}])
    assert main(["benchmark", "check", str(file), "--show", "1"]) == 2
    printed = capsys.readouterr()
    assert "'a wooden ladder against a brick wall' without 'rungs'" in printed.out
    assert f"{file}:2: x: the id should be" in printed.out
    assert printed.err.startswith(f"error: {file}: 2 pairs, ")


def test_a_sample_is_drawn_by_its_seed():
    assert sample(DEV, 5, seed=1) == sample(DEV, 5, seed=1) != sample(DEV, 5, seed=2)
    assert all(pair.id in sample(DEV, 99) for pair in DEV)


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_a_benchmark_that_is_not_there_is_named(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NegjudgeError, match=r"is missing; expected a folder with dev\.jsonl and test\.jsonl"):
        check(path)


def test_committed_splits_are_those_of_the_command_and_keep_every_promise(tmp_path):
    committed = read_splits(FOLDER / "splits.json")
    pairs = read_pairs(FOLDER)
    assert violations(committed, pairs) == []
    assert (FOLDER / "splits.json").read_text() == splits_json(benchmark_splits(DEV, TEST))
    for part, values in (("dev", DEV), ("test", TEST)):
        write(tmp_path / f"{part}.jsonl", rows(part))
        assert select_pairs(pairs, committed, [f"methods/{part}"]) == values
    assert main(["benchmark", "split", str(tmp_path)]) == 0
    assert (tmp_path / "splits.json").read_bytes() == (FOLDER / "splits.json").read_bytes()


def test_splits_keep_the_pairs_of_an_object_together():
    twice = [*DEV, *(from_dict({**vars(p), "id": f"{p.id}-2"}, Pair, "here") for p in DEV)]
    splits = benchmark_splits(twice, TEST, seed=3)
    validation = splits.judge["validation"]
    assert 40 <= len(validation) <= 42
    assert all(f"{i}-2" in validation for i in validation if not i.endswith("-2"))
    assert not set(validation) & set(splits.judge["train"])
    assert benchmark_splits(DEV, TEST, seed=4) != benchmark_splits(DEV, TEST, seed=5)


def test_the_hubs_reader_gives_both_splits_with_declared_types(tmp_path):
    from datasets import load_dataset

    loaded = load_dataset(str(FOLDER), cache_dir=str(tmp_path))
    assert {name: len(split) for name, split in loaded.items()} == {"dev": 60, "test": 200}
    kinds = {name: str(kind) for name, kind in loaded["dev"].features.items()}
    assert kinds["essential"] == "Value('bool')"
    assert kinds["keep"] == kinds["keep_questions"] == "List(Value('string'))"
    assert [from_dict(row, Pair, "row") for row in loaded["dev"]] == DEV
