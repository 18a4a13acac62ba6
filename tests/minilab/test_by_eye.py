"""The check of the oracle by eye: sheets that hide the method, answers, and what they say of the oracle."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from minilab.by_eye import Shown, compare, draw_check, main
from minilab.render import render
from minilab.world import OBJECTS
from negjudge.data.pairs import read_pairs
from negjudge.data.records import Sample, read_records, write_records
from negjudge.data.splits import read_splits

METHODS = ("none", "vsf")
PICTURES = 4  # of each method
WRONG = 3  # numbered picture about which the eye disagrees


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A run of renders, without the element where VSF "made" them, its sheets, and true answers but one."""
    run, folder = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("check")
    (run / "images").mkdir()
    tested = read_splits(Path("data/mini/splits.json")).methods["test"]
    pairs = [pair for pair in read_pairs(Path("data/mini/pairs.jsonl")).values() if pair.id in tested][
        :PICTURES
    ]
    samples = []
    for method in METHODS:
        for seed, pair in enumerate(pairs):
            parts = set(OBJECTS[pair.object].parts) - ({pair.element} if method == "vsf" else set())
            image = run / "images" / f"{method}-{pair.id}.png"
            render(pair.object, parts, seed).save(image)
            samples.append(
                Sample(
                    id=f"{method}-{pair.id}", pair=pair.id, object=pair.object, element=pair.element,
                    prompt=pair.prompt, negative=pair.negative, method=method, params={}, seed=seed,
                    image=f"images/{image.name}", sha256=hashlib.sha256(image.read_bytes()).hexdigest(),
                    model="m", revision="r", steps=4, width=64, height=64, device="cpu", dtype="float32",
                )
            )  # fmt: skip
    write_records(run / "samples.jsonl", samples)
    draw_check(run, folder, per_method=PICTURES)
    lines = []
    for one in read_records(folder / "pictures.jsonl", Shown):
        there = one.sample.startswith("none") != (one.number == WRONG)
        lines.append(f"{one.number} y {'y' if there else 'n'}")
    (folder / "verdicts.txt").write_text("\n".join(lines) + "\n")
    return run, folder


def test_every_picture_is_on_a_sheet_and_no_method(checked):
    _, folder = checked
    shown = read_records(folder / "pictures.jsonl", Shown)
    assert Counter(one.sample.split("-")[0] for one in shown) == dict.fromkeys(METHODS, PICTURES)
    assert [one.number for one in shown] == list(range(1, len(shown) + 1))
    assert not any("method" in line for line in (folder / "pictures.jsonl").read_text().splitlines())
    with Image.open(folder / "sheet-1.png") as sheet:
        assert sheet.width > sheet.height


def test_disagreement_is_counted_for_its_method(checked, capsys):
    run, folder = checked
    main(["compare", "--run", str(run), "--folder", str(folder)])
    counts = json.loads((folder / "check.json").read_text())
    assert sum(count["wrong"] for count in counts.values()) == 1
    assert {count["pictures"] for count in counts.values()} == {PICTURES}
    wrong = next(one for one in read_records(folder / "pictures.jsonl", Shown) if one.number == WRONG)
    assert counts[wrong.sample.split("-")[0]]["wrong"] == 1
    assert f"{WRONG} " in capsys.readouterr().out


def test_what_the_eye_cannot_tell_is_counted_apart(checked, tmp_path):
    run, folder = checked
    for name in ("pictures.jsonl", "verdicts.txt"):
        (tmp_path / name).write_text((folder / name).read_text())
    lines = (tmp_path / "verdicts.txt").read_text().splitlines()
    lines[WRONG - 1] = f"{WRONG} ? n"
    (tmp_path / "verdicts.txt").write_text("\n".join(lines))
    counts = compare(run, tmp_path)
    assert sum(count["unclear"] for count in counts.values()) == 1
    assert sum(count["wrong"] for count in counts.values()) == 0


@pytest.mark.parametrize(("answers", "message"), [("1 y maybe", "verdicts.txt:1"), ("1 y n", "missing")])
def test_answers_of_another_form_are_refused(checked, tmp_path, answers, message, capsys):
    run, folder = checked
    (tmp_path / "pictures.jsonl").write_text((folder / "pictures.jsonl").read_text())
    (tmp_path / "verdicts.txt").write_text(answers)
    assert main(["compare", "--run", str(run), "--folder", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
