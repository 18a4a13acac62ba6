"""A run folder is filled, found complete, mended, and never mixed."""

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from negjudge.data.records import Sample, read_records
from negjudge.data.runs import locked
from negjudge.errors import NegjudgeError
from negjudge.generation.jobs import jobs_of
from negjudge.generation.samples import RETIRED, generate
from negjudge.guidance import CFG, NAG, NASA, VSF, Plain

METHODS = [Plain(), CFG(3.0), VSF(1.0, 0.5), NAG(), NASA(0.2)]


@pytest.fixture
def jobs(pairs):
    return jobs_of(list(pairs.values())[:3], METHODS, seeds=1)


def files(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_each_job_leaves_a_picture_and_a_record(model, jobs, rendering, tmp_path):
    made = generate(model, jobs, tmp_path / "run", rendering)
    assert (made.new, made.retired, len(made.samples)) == (15, 0, 15)
    assert sorted(made.samples, key=lambda s: s.id) == sorted(
        read_records(tmp_path / "run/samples.jsonl", Sample), key=lambda s: s.id
    )
    for job, sample in zip(jobs, made.samples, strict=True):
        content = (tmp_path / "run" / sample.image).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sample.sha256
        with Image.open(tmp_path / "run" / sample.image) as image:
            assert (image.size, image.mode) == ((32, 32), "RGB")
        assert (sample.pair, sample.method, sample.seed) == (job.pair.id, job.method.name, job.seed)
        assert (sample.steps, sample.device, sample.dtype) == (2, "cpu", "float32")


def test_every_method_draws_another_picture(model, jobs, rendering, tmp_path):
    samples = generate(model, jobs, tmp_path, rendering).samples
    assert len({sample.sha256 for sample in samples}) == len(samples)


def test_a_complete_run_is_left_as_it_is(model, jobs, rendering, tmp_path):
    first = generate(model, jobs, tmp_path, rendering)
    before = files(tmp_path)
    again = generate(model, jobs, tmp_path, rendering)
    assert again.new == 0
    assert again.samples == first.samples
    assert files(tmp_path) == before


def test_pictures_that_are_made_later_are_the_same(model, jobs, rendering, tmp_path):
    whole = generate(model, jobs, tmp_path / "whole", rendering)
    run = tmp_path / "parts"
    generate(model, jobs, run, rendering)
    lines = (run / "samples.jsonl").read_bytes().splitlines(keepends=True)
    (run / "samples.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:30])  # killed while it wrote
    (run / "images/.half.png.77.tmp").write_bytes(b"half")
    again = generate(model, jobs, run, rendering)
    assert again.new == 11
    assert again.samples == whole.samples
    assert not list((run / "images").glob(".*"))


@pytest.mark.parametrize("damage", ["removed", "changed", "cut", "emptied"])
def test_a_damaged_picture_is_named_and_made_anew_on_demand(model, jobs, rendering, tmp_path, damage):
    first = generate(model, jobs, tmp_path, rendering)
    path = tmp_path / first.samples[6].image
    content = path.read_bytes()
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes({"changed": b"x" + content[1:], "cut": content[:-1], "emptied": b""}[damage])
    records = (tmp_path / "samples.jsonl").read_bytes()
    with pytest.raises(NegjudgeError, match=rf"{path.name}.*--repair true") as error:
        generate(model, jobs, tmp_path, rendering)
    assert "\n" not in str(error.value)
    assert (tmp_path / "samples.jsonl").read_bytes() == records
    mended = generate(model, jobs, tmp_path, rendering, repair=True)
    assert mended.new == 1
    assert mended.samples == first.samples
    assert path.read_bytes() == content


def test_other_settings_are_set_aside_and_come_back(model, pairs, rendering, tmp_path):
    chosen = list(pairs.values())[:2]
    old = generate(model, jobs_of(chosen, [Plain(), VSF(1.0)], 1), tmp_path, rendering)
    new = generate(model, jobs_of(chosen, [Plain(), VSF(2.0)], 1), tmp_path, rendering)
    assert (new.new, new.retired) == (2, 2)
    assert {sample.id for sample in read_records(tmp_path / "samples.jsonl", Sample)} == {
        sample.id for sample in new.samples
    }
    assert {sample.params["scale"] for sample in read_records(tmp_path / RETIRED, Sample)} == {1.0}
    back = generate(model, jobs_of(chosen, [Plain(), VSF(1.0)], 1), tmp_path, rendering)
    assert (back.new, back.retired, back.samples) == (0, 2, old.samples)


def test_what_determines_a_picture_determines_its_id(model, pairs, rendering, tmp_path):
    pair = next(iter(pairs.values()))
    (sample,) = generate(model, jobs_of([pair], [VSF(1.0)], 1), tmp_path / "a", rendering).samples
    others = [
        (dataclasses.replace(pair, prompt="a cat"), VSF(1.0), rendering),
        (dataclasses.replace(pair, negative="seat"), VSF(1.0), rendering),
        (pair, VSF(1.0, leak=True), rendering),
        (pair, NASA(1.0), rendering),
        (pair, VSF(1.0), dataclasses.replace(rendering, steps=3)),
        (pair, VSF(1.0), dataclasses.replace(rendering, arguments={"max_sequence_length": 9})),
    ]
    ids = {
        generate(model, jobs_of([p], [m], 1), tmp_path / str(number), r).samples[0].id
        for number, (p, m, r) in enumerate(others)
    }
    assert len(ids | {sample.id}) == 7
    batch = dataclasses.replace(rendering, batch_size=3)
    assert generate(model, jobs_of([pair], [VSF(1.0)], 1), tmp_path / "b", batch).samples[0].id == sample.id


def test_two_runs_do_not_write_one_folder(model, jobs, rendering, tmp_path):
    with locked(tmp_path, "generate"), pytest.raises(NegjudgeError, match="another generate"):
        generate(model, jobs, tmp_path, rendering)


def test_an_argument_that_the_pipeline_lacks_is_named(model, jobs, rendering, tmp_path):
    wrong = dataclasses.replace(rendering, arguments={"max_sequence_lenght": 8})
    with pytest.raises(NegjudgeError, match=r"max_sequence_lenght.*max_sequence_length"):
        generate(model, jobs, tmp_path, wrong)


def test_a_broken_record_names_its_line(model, jobs, rendering, tmp_path):
    generate(model, jobs, tmp_path, rendering)
    path = tmp_path / "samples.jsonl"
    lines = path.read_text().splitlines()
    values = json.loads(lines[2])
    values["seed"] = "three"
    path.write_text("\n".join([*lines[:2], json.dumps(values), *lines[3:]]) + "\n")
    with pytest.raises(NegjudgeError, match=r"samples\.jsonl:3: field 'seed'"):
        generate(model, jobs, tmp_path, rendering)
