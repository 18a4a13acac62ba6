"""A judge as a scorer: it reads pictures in the words of their pairs."""

from dataclasses import replace

import pytest

from minilab.render import render
from negjudge import Judge
from negjudge.data.pairs import read_pairs
from negjudge.data.records import Sample
from negjudge.tuning.scorers import judge_scorer

BASE = "data/mini/judge-base"
DEV, TEST = ["clock-hands", "cat-ears"], ["bicycle-wheels", "mug-handle"]


@pytest.fixture
def pairs():
    """Pairs of the mini lab; one asks about its element by another name."""
    found = {
        name: pair for name, pair in read_pairs("data/mini/pairs.jsonl").items() if name in (*DEV, *TEST)
    }
    own = replace(found["clock-hands"], element_question="Does this picture show clock hands?")
    return found | {"clock-hands": own}


def pictured(pair, folder, number, parts):
    path = folder / f"{number}.png"
    render(pair.object, parts, seed=number).save(path)
    return path, Sample(
        path.stem, pair.id, pair.object, pair.element, pair.prompt, pair.negative, "vsf", {}, number,
        path.name, "", "", "", 4, 64, 64, "cpu", "float32",
    )  # fmt: skip


def test_a_judge_reads_dev_pictures_in_the_words_of_their_pairs(pairs, tmp_path):
    clock, cat = pairs["clock-hands"], pairs["cat-ears"]
    made = [
        pictured(pair, tmp_path, number, parts)
        for number, (pair, parts) in enumerate([(clock, ["hands"]), (clock, []), (cat, ["ears"]), (cat, [])])
    ]
    (tmp_path / "broken.png").write_bytes(b"no picture")
    made.append((tmp_path / "broken.png", made[0][1]))
    paths, samples = [path for path, _ in made], [sample for _, sample in made]
    read = judge_scorer(BASE, pairs, "cpu").read(paths, samples)
    judge = Judge.from_pretrained(BASE, device="cpu")
    verdicts = judge.score(
        paths[:4], ["clock", "clock", "cat", "cat"], ["clock hands", "clock hands", "ears", "ears"]
    )
    for seen, sample, verdict in zip(read, samples, verdicts, strict=False):
        assert (seen.object == sample.object) == (verdict.object_present >= 0.5)
        assert (sample.element in seen.parts) == (verdict.element_present >= 0.5)
    assert (read[4].object, read[4].parts) == (None, ("hands",))  # neither kept nor removed
