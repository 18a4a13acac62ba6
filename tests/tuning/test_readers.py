"""Who reads the pictures of a search: an oracle by its name, a judge in the words of the pairs."""

from dataclasses import replace

import pytest
from colours import read_colours

from minilab.render import render
from negjudge import Judge
from negjudge.data.pairs import read_pairs
from negjudge.data.records import Sample
from negjudge.errors import NegjudgeError
from negjudge.tuning.readers import judge_reader, oracle_reader

BASE = "data/mini/judge-base"


@pytest.fixture
def pairs():
    """Pairs of the mini lab; the first asks about its element by another name."""
    found = read_pairs("data/mini/pairs.jsonl")
    own = replace(found["clock-hands"], element_question="Does this picture show clock hands?")
    return {"clock-hands": own, "cat-ears": found["cat-ears"]}


def pictured(pair, folder, number, parts):
    path = folder / f"{number}.png"
    render(pair.object, parts, seed=number).save(path)
    return path, Sample(
        path.stem, pair.id, pair.object, pair.element, pair.prompt, pair.negative, "vsf", {}, number,
        path.name, "", "", "", 4, 64, 64, "cpu", "float32",
    )  # fmt: skip


def test_a_judge_reads_dev_pictures_in_the_words_of_their_pairs(pairs, tmp_path):
    clock, cat = pairs.values()
    made = [
        pictured(pair, tmp_path, number, parts)
        for number, (pair, parts) in enumerate([(clock, ["hands"]), (clock, []), (cat, ["ears"]), (cat, [])])
    ]
    (tmp_path / "broken.png").write_bytes(b"no picture")
    made.append((tmp_path / "broken.png", made[0][1]))
    paths, samples = [path for path, _ in made], [sample for _, sample in made]
    read = judge_reader(BASE, pairs, "cpu").read(paths, samples)
    judge = Judge.from_pretrained(BASE, device="cpu")
    verdicts = judge.score(
        paths[:4], ["clock", "clock", "cat", "cat"], ["clock hands", "clock hands", "ears", "ears"]
    )
    for seen, sample, verdict in zip(read, samples, verdicts, strict=False):
        assert (seen.object == sample.object) == (verdict.object_present >= 0.5)
        assert (sample.element in seen.parts) == (verdict.element_present >= 0.5)
    assert (read[4].object, read[4].parts) == (None, ("hands",))  # neither kept nor removed


def test_an_oracle_is_a_function_and_its_name_stands_in_files(tmp_path):
    reader = oracle_reader("colours:read_colours")
    assert reader.name == "colours:read_colours"
    render("bicycle", ["wheels"], seed=0).save(tmp_path / "a.png")
    paths = [tmp_path / "a.png"]
    assert reader.read(paths, []) == read_colours(paths)
    with pytest.raises(NegjudgeError, match=r"key 'reader'"):
        oracle_reader("colours:nothing")


def test_a_judge_is_loaded_when_it_is_first_asked(pairs, tmp_path):
    nowhere = str(tmp_path / "nowhere")
    reader = judge_reader(nowhere, pairs, "cpu")
    assert reader.name == f"judge {nowhere}"
    path, sample = pictured(pairs["cat-ears"], tmp_path, 0, ["ears"])
    with pytest.raises(NegjudgeError, match="nowhere"):
        reader.read([path], [sample])
