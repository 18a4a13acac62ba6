"""Vision features on disk: those of the tower, found again, and never another picture's."""

import os
import shutil
from dataclasses import replace

import pytest
import torch
from PIL import Image

from minilab.render import render
from negjudge.data.pairs import read_pairs
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import load_model, load_processor
from negjudge.training import features
from negjudge.training.data import read_labelled, rows
from negjudge.training.features import PictureFeatures, weights_fingerprint
from negjudge.training.loop import tune


@pytest.fixture
def pictures(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        render("cat", ["ears"], seed=number).resize((64, 32 + 32 * number)).save(path)
    return [str(path) for path in paths]


@pytest.fixture
def model(base):
    return load_model(base)


@pytest.fixture
def processor(base):
    return load_processor(base)


def watched(model):
    """Return the list to which every pass through the tower adds its number of pictures."""
    passes = []
    model.model.visual.register_forward_pre_hook(
        lambda tower, inputs, named: passes.append(len(named["grid_thw"])), with_kwargs=True
    )
    return passes


def test_features_are_the_towers_and_computed_once(pictures, model, processor, tmp_path):
    kept, passes = PictureFeatures(tmp_path / "kept", model, processor), watched(model)
    found, grids = kept(pictures)
    inputs = processor.image_processor(images=[Image.open(p) for p in pictures], return_tensors="pt")
    with torch.no_grad():
        expected = model.model.visual(inputs["pixel_values"], grid_thw=inputs["image_grid_thw"]).pooler_output
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert grids.tolist() == inputs["image_grid_thw"].tolist()
    passes.clear()
    again, _ = PictureFeatures(tmp_path / "kept", model, processor)([*pictures[::-1], pictures[0]])
    assert passes == []
    sizes = (grids.prod(dim=1) // 4).tolist()
    parts = found.split(sizes)
    assert torch.equal(again, torch.cat([*parts[::-1], parts[0]]))


def test_what_is_torn_is_computed_again(pictures, model, processor, tmp_path):
    kept, passes = PictureFeatures(tmp_path / "kept", model, processor), watched(model)
    before, _ = kept(pictures)
    file = kept.file(pictures[1])
    file.write_bytes(file.read_bytes()[:100])
    after, _ = kept(pictures)
    assert passes == [3, 1]
    torch.testing.assert_close(after, before, atol=1e-5, rtol=0)


def test_another_picture_processing_or_tower_is_another_file(pictures, model, processor, tmp_path):
    kept = PictureFeatures(tmp_path, model, processor)
    names = {kept.file(picture) for picture in pictures}
    assert len(names) == 3
    copy = shutil.copy(pictures[0], tmp_path / "copy.png")
    assert kept.file(copy) in names  # the same bytes by another name
    render("house", ["roof"], seed=1).save(pictures[0])
    os.utime(pictures[0], ns=(1, 1))
    changed = kept.file(pictures[0])
    processor.image_processor.size["longest_edge"] = 32 * 32
    smaller = PictureFeatures(tmp_path, model, processor).file(pictures[0])
    with torch.no_grad():
        model.model.visual.blocks[0].norm1.weight[0] += 1
    moved = PictureFeatures(tmp_path, model, processor).file(pictures[0])
    assert len({*names, changed, smaller, moved}) == 6


def test_a_fingerprint_is_of_weights_and_their_type(model):
    tower = model.model.visual
    before = weights_fingerprint(tower)
    assert weights_fingerprint(tower) == before
    assert weights_fingerprint(tower.bfloat16()) != before


def test_a_full_disk_is_said_before_anything_is_computed(pictures, model, processor, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(features, "require_free_space", lambda folder, megabytes: asked.append(megabytes))
    kept = PictureFeatures(tmp_path / "kept", model, processor)
    kept.require_room(pictures)
    found, _ = kept(pictures)
    assert asked[0] == pytest.approx(found.nbytes * 1.05 / 1e6 + 200)
    kept.require_room(pictures)
    assert asked[1] == 200


@pytest.fixture
def questions(run, processor):
    return rows(
        read_labelled(run, read_pairs("data/mini/pairs.jsonl")),
        run,
        processor.tokenizer,
        absent_objects=1,
        seed=0,
    )


@pytest.mark.parametrize(
    ("change", "kept"), [({}, True), ({"cache_features": False}, False), ({"packed": False}, False)]
)
def test_the_recipe_says_whether_features_are_kept(recipe, questions, base, tmp_path, change, kept):
    few = replace(recipe, **{"packed": True, "epochs": 0.5, **change})
    tune(few, base, load_processor(base), questions[:14], questions[14:20], tmp_path / "work")
    assert (tmp_path / "work" / "features").exists() == kept


def test_a_tower_that_learns_has_no_features_to_keep(recipe, questions, base, tmp_path):
    few = replace(recipe, packed=True, epochs=0.5, lora=replace(recipe.lora, vision=True))
    tuned = tune(few, base, load_processor(base), questions[:14], questions[14:20], tmp_path / "work")
    moved = [n for n, p in tuned.model.named_parameters() if "lora_B" in n and p.any()]
    assert sum("visual" in name for name in moved) == 7
    assert not (tmp_path / "work" / "features").exists()


def test_a_picture_that_is_gone_is_named(pictures, model, processor, tmp_path):
    with pytest.raises(NegjudgeError, match=r"nowhere\.png"):
        PictureFeatures(tmp_path, model, processor)([str(tmp_path / "nowhere.png")])
