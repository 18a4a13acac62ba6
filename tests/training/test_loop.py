"""The loss against soft answers, the collator, and the pieces that a resume leans on."""

from dataclasses import replace

import pytest
import torch
from PIL import Image
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from negjudge import Judge
from negjudge.data.pairs import read_pairs
from negjudge.judge.loading import load_processor
from negjudge.judge.prompts import ANSWERS, question_ids, read_template
from negjudge.training.data import read_labelled, rows, to_dataset
from negjudge.training.loop import IGNORED, AnswerCollator, AnswerTrainer, last_checkpoint, tune


@pytest.fixture
def questions(run, base):
    return rows(
        read_labelled(run, read_pairs("data/mini/pairs.jsonl")),
        run,
        load_processor(base).tokenizer,
        absent_objects=1,
        seed=0,
    )


@pytest.fixture
def batch(questions, base):
    processor = load_processor(base)
    collate = AnswerCollator(DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True))
    dataset = to_dataset(questions)
    return collate([dataset[i] for i in range(12)])


def test_the_judge_reads_the_tokens_that_were_trained(batch, questions, base):
    """The judge splits the template to share the picture; trained prompts come whole from TRL."""
    processor = load_processor(base)
    template = read_template(processor)
    for ids, labels, row in zip(batch["input_ids"], batch["labels"], questions, strict=False):
        place = int((labels != IGNORED).nonzero())
        asked = [*question_ids(processor.tokenizer, template, [row.question])[0]]
        assert ids[:place].tolist()[-len(asked) :] == asked
        head = [i for i in ids[: place - len(asked)].tolist() if i != template.image_token]
        assert head == [i for i in template.head if i != template.image_token]
        assert ids[place] == template.answers[row.target.index(max(row.target))]
        assert (labels != IGNORED).sum() == 1


def test_loss_is_the_cross_entropy_of_the_judges_own_logits(batch, questions, base):
    judge = Judge.from_pretrained(base, device="cpu")
    logprobs = [
        judge.model(**inputs).logits[0, -1].log_softmax(-1)[list(judge.template.answers)]
        for inputs in (_inputs(judge, row) for row in questions[:12])
    ]
    targets = torch.tensor([row.target for row in questions[:12]])
    expected = -(targets * torch.stack(logprobs)).sum(dim=1)
    trainer = AnswerTrainer.__new__(AnswerTrainer)  # the loss needs no more of a trainer than this
    trainer.answers = torch.tensor(judge.template.answers)
    loss = trainer.compute_loss(judge.model, dict(batch))
    torch.testing.assert_close(loss, expected.mean(), atol=1e-5, rtol=0)


def _inputs(judge, row):
    from negjudge.judge.prompts import structured

    text = judge.processor.apply_chat_template(
        structured(row.question), tokenize=False, add_generation_prompt=True
    )
    return judge.processor(images=[Image.open(row.image)], text=[text], return_tensors="pt")


def test_accumulated_batches_are_one_batch(recipe, questions, base, tmp_path):
    """Twelve questions in one batch, or in three, must move the weights alike."""
    few = replace(recipe, epochs=1.0, evaluations=1, lora=replace(recipe.lora, dropout=0.0))
    whole = replace(few, batch_size=12)
    parts = replace(few, batch_size=4, gradient_accumulation=3)
    found = []
    for number, one in enumerate((whole, parts)):
        tuned = tune(
            one, base, load_processor(base), questions[:12], questions[12:16], tmp_path / str(number)
        )
        found.append({n: p.detach() for n, p in tuned.model.named_parameters() if "lora_B" in n})
    for name, value in found[0].items():
        assert value.any()
        torch.testing.assert_close(found[1][name], value, atol=1e-5, rtol=0)


def test_large_pictures_are_made_smaller(recipe, questions, base, tmp_path):
    few = replace(recipe, epochs=0.1, max_pixels=32 * 32)
    tuned = tune(few, base, load_processor(base), questions[:8], questions[8:10], tmp_path)
    grid = tuned.processor.image_processor([Image.new("RGB", (640, 640))], return_tensors="pt")
    assert grid["image_grid_thw"].tolist() == [[1, 4, 4]]


def test_vision_can_be_tuned_too(recipe, questions, base, tmp_path):
    few = replace(recipe, epochs=0.2, lora=replace(recipe.lora, vision=True))
    tuned = tune(few, base, load_processor(base), questions[:8], questions[8:10], tmp_path)
    moved = [n for n, p in tuned.model.named_parameters() if "lora_B" in n and p.any()]
    assert sum("visual.blocks" in name for name in moved) == 5
    assert sum("visual.merger" in name for name in moved) == 2


def test_torn_checkpoints_are_passed_over(tmp_path):
    assert last_checkpoint(tmp_path) is None
    for step, state in ((9, "{}"), (10, "{}"), (11, '{"global_step": 11'), (12, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")


def test_answers_are_those_of_the_questions():
    assert ANSWERS == ("yes", "no", "1", "2", "3", "4", "5")
