"""Packed training is the unpacked one: the same loss, the same gradients, no question that sees another."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tiny.judge import save_base
from tiny.parts import seeded
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from minilab.render import render
from negjudge.data.questions import QUALITY_QUESTION, presence_question
from negjudge.judge.loading import load_model, load_processor, quiet
from negjudge.judge.prompts import ANSWERS, read_template
from negjudge.training.data import Row, to_dataset
from negjudge.training.features import PictureFeatures, freeze_vision
from negjudge.training.loop import LANGUAGE
from negjudge.training.packing import (
    IGNORED,
    PackedCollator,
    by_picture,
    in_pictures,
    questions_each,
    to_packed_dataset,
)
from negjudge.training.trainers import AnswerCollator, AnswerTrainer, PackedTrainer

SIZES = [(64, 64), (128, 40), (40, 90)]  # as many pictures, and as many shapes of their grids
COUNTS = [5, 1, 3]  # of questions about each


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Questions about pictures of several shapes, ragged, with soft answers that differ."""
    folder = tmp_path_factory.mktemp("pictures")
    asked = [presence_question(noun, way) for noun in ("a cat", "ears") for way in ("present", "absent")]
    found = []
    for number, (size, count) in enumerate(zip(SIZES, COUNTS, strict=True)):
        path = folder / f"{number}.png"
        render("cat", ["ears"], seed=number).resize(size).save(path)
        for question in [*asked, QUALITY_QUESTION][:count]:
            target = torch.rand(len(ANSWERS), generator=torch.Generator().manual_seed(len(found)))
            found.append(Row(str(path), question, tuple((target / target.sum()).tolist())))
    return found


@pytest.fixture(scope="module")
def processor(base):
    return load_processor(base)


@pytest.fixture(scope="module")
def template(processor):
    return read_template(processor)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_base(tmp_path_factory.mktemp("models") / "base", layers=2)


@pytest.fixture
def model(base):
    """A base in float64 with a LoRA whose both halves are random, so that both have gradients."""
    with seeded(1), quiet():
        lora = LoraConfig(r=2, target_modules=LANGUAGE, init_lora_weights=False, task_type="CAUSAL_LM")
        return get_peft_model(load_model(base, torch.float64), lora, autocast_adapter_dtype=False)


def trainer(kind, template):
    """Return as much of a trainer as a loss needs."""
    found = kind.__new__(kind)
    found.answers = torch.tensor(template.answers)
    return found


def packed_batch(rows, model, processor, template, features=None):
    dataset = to_packed_dataset(by_picture(rows), processor.tokenizer, template)
    collate = PackedCollator(model.get_base_model(), processor, template, torch.float64, features)
    return collate([dataset[i] for i in range(len(dataset))])


def one_by_one(rows, processor):
    dataset = to_dataset(rows)
    collate = AnswerCollator(DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True))
    return collate([dataset[i] for i in range(len(dataset))])


def loss_and_gradients(loss, model):
    model.zero_grad()
    loss.backward()
    return loss.item(), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("kept", [False, True], ids=["pixels", "features"])
def test_loss_and_gradients_are_those_of_a_sequence_a_question(
    rows, model, processor, template, tmp_path, kept
):
    whole = trainer(AnswerTrainer, template).compute_loss(model, one_by_one(rows, processor))
    expected, gradients = loss_and_gradients(whole, model)
    features = PictureFeatures(tmp_path, model.get_base_model(), processor) if kept else None
    for _ in range(1 + kept):  # computed, then from the disk
        batch = packed_batch(rows, model, processor, template, features)
        assert ("features" in batch, "pixel_values" in batch) == (kept, not kept)
        loss = trainer(PackedTrainer, template).compute_loss(model, batch)
        found, others = loss_and_gradients(loss, model)
        assert found == pytest.approx(expected, abs=1e-10)
        assert gradients.keys() == others.keys() == {n for n, _ in model.named_parameters() if "lora" in n}
        for name, value in gradients.items():
            assert value.any()
            assert (others[name] - value).norm() <= 1e-7 * value.norm(), name


def test_ragged_batches_are_padded_without_weight(rows, model, processor, template):
    batch = packed_batch(rows, model, processor, template)
    assert batch["last"].shape == (3, 5)
    assert (batch["last"] >= 0).sum(dim=1).tolist() == COUNTS
    # Trainer counts the questions of a step in `labels`, without the first of a row.
    assert (batch["labels"] != IGNORED).sum(dim=1).tolist() == COUNTS
    assert (batch["labels"][:, 1:] != IGNORED).sum() == sum(COUNTS)
    torch.testing.assert_close(batch["targets"].sum(dim=-1), (batch["last"] >= 0).float())
    assert len(set(map(tuple, batch["image_grid_thw"].tolist()))) == len(SIZES)


def test_batches_of_ragged_pictures_add_up_to_one(rows, model, processor, template):
    """Trainer's accumulation and evaluation both give the mean over the questions, ragged or not."""
    judge, whole = trainer(PackedTrainer, template), packed_batch(rows, model, processor, template)
    expected = judge.compute_loss(model, whole).item()
    ends = [0, *torch.tensor(COUNTS).cumsum(0).tolist()]
    parts = [packed_batch(rows[a:b], model, processor, template) for a, b in pairwise(ends)]
    judge.args = type("Arguments", (), {"average_tokens_across_devices": False})
    total = sum(
        judge.compute_loss(model, dict(part), num_items_in_batch=sum(COUNTS)).item() for part in parts
    )
    assert total == pytest.approx(expected, abs=1e-10)
    judge.questions_each = questions_each(by_picture(rows))
    model.eval()
    losses = [judge.compute_loss(model, dict(part)).item() for part in parts]
    assert sum(losses) / len(losses) == pytest.approx(expected, abs=1e-10)


def test_no_question_sees_another(rows, model, processor, template):
    def logits(asked):
        batch = packed_batch(asked, model, processor, template)
        judge = trainer(PackedTrainer, template)
        with torch.no_grad():
            return judge.compute_loss(model, batch, return_outputs=True)[1].logits

    before = logits(rows)
    longer = presence_question("a bicycle and a teapot and a house and a clock")
    after = logits([replace(row, question=longer) if i == 1 else row for i, row in enumerate(rows)])
    moved = (before - after).abs().amax(dim=-1)
    asked = torch.tensor([[n < count for n in range(max(COUNTS))] for count in COUNTS])
    assert moved[0, 1] > 1e-3
    moved[0, 1] = 0
    assert moved[asked].max() < 1e-10


def test_answers_are_in_float32_where_the_model_is_not(rows, base, processor, template):
    """In bfloat16 the head's own logits come in steps; those of the answers do not."""
    model = load_model(base, torch.bfloat16)
    dataset = to_packed_dataset(by_picture(rows), processor.tokenizer, template)
    collate = PackedCollator(model, processor, template, torch.bfloat16)
    judge = trainer(PackedTrainer, template)
    with torch.no_grad():
        found = judge.compute_loss(model, collate([dataset[0]]), return_outputs=True)[1].logits
    assert found.dtype == torch.float32
    answers = found[..., list(template.answers)]
    assert (answers != answers.bfloat16()).any()
    others = [word for word in range(found.shape[-1]) if word not in template.answers]
    assert (found[..., others] == found[..., others].bfloat16()).all()


def test_checkpointing_leaves_a_frozen_tower_alone(rows, model, processor, template):
    """`enable_input_require_grads` wants the patches' gradients too, which sends the backward pass there."""
    judge, tower = trainer(PackedTrainer, template), model.get_base_model().model.visual
    expected = loss_and_gradients(
        judge.compute_loss(model, packed_batch(rows, model, processor, template)), model
    )
    passes = []
    tower.blocks[0].norm1.register_forward_pre_hook(lambda _, inputs: passes.append(inputs[0].requires_grad))
    model.enable_input_require_grads()
    with quiet():  # transformers 5 renames it
        model.gradient_checkpointing_enable({"use_reentrant": False})
    model.train()
    for frozen in (False, True):
        if frozen:
            freeze_vision(model.get_base_model())
        passes.clear()
        loss = judge.compute_loss(model, packed_batch(rows, model, processor, template))
        assert loss_and_gradients(loss, model)[0] == pytest.approx(expected[0], abs=1e-10)
        # Without being frozen it runs again in the backward pass.
        assert passes == ([False] if frozen else [True, True])


def test_a_step_has_as_many_questions(recipe, rows):
    asked = by_picture(rows)  # three a picture
    for batch, accumulated, expected in ((32, 1, (11, 1)), (4, 8, (1, 11)), (1, 32, (1, 11)), (1, 1, (1, 1))):
        found = in_pictures(replace(recipe, batch_size=batch, gradient_accumulation=accumulated), asked)
        assert (found.batch_size, found.gradient_accumulation) == expected
