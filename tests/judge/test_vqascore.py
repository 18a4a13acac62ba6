"""VQAScore: P(yes) among all words at the first answer token, of three texts in one forward a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import synthetic
import torch
from PIL import Image
from tiny.judge import save_base

from negjudge.errors import NegjudgeError
from negjudge.evaluation.recipe import JudgeRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.judge.vqascore import QUESTION, VQAScore, questions_about


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model of the true class, whose tokenizer has VQAScore's words."""
    return save_base(tmp_path_factory.mktemp("vqascore") / "model", more_words=[QUESTION, "without"], seed=3)


@pytest.fixture(scope="module")
def score(folder: Path) -> VQAScore:
    return VQAScore.from_pretrained(folder, device="cpu")


def test_the_texts() -> None:
    assert questions_about("bicycle", "wheels") == (
        'Does this figure show "a bicycle"? Please answer yes or no.',
        'Does this figure show "wheels"? Please answer yes or no.',
        'Does this figure show "a bicycle without wheels"? Please answer yes or no.',
    )
    assert '"an apple without a stem"' in questions_about("apple", "stem")[2]


def test_scores_are_those_of_the_models_own_forward(score: VQAScore, pictures: list[Path]) -> None:
    """The reference knows nothing of packing: one question at a time, the softmax over all words."""
    nouns = [("bicycle", "wheels"), ("house", "roof"), ("cat", "ears")]
    paths = [pictures[0], pictures[2], pictures[1]]
    found = score.score(paths, [a for a, _ in nouns], [b for _, b in nouns], batch_size=2)
    yes = score.processor.tokenizer.convert_tokens_to_ids("yes")
    for verdict, path, pair in zip(found, paths, nouns, strict=True):
        expected = []
        for question in questions_about(*pair):
            content = [{"type": "image"}, {"type": "text", "text": question}]
            text = score.processor.apply_chat_template(
                [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
            )
            image = Image.open(path).convert("RGB")
            inputs = score.processor(images=[image], text=[text], return_tensors="pt")
            with torch.inference_mode():
                expected.append(float(score.model(**inputs).logits[0, -1].softmax(-1)[yes]))
        scores = [verdict.object_present, verdict.element_present, verdict.success]
        assert scores == pytest.approx(expected, abs=1e-5)
        assert verdict.quality is None


def test_one_forward_a_batch(score: VQAScore, pictures: list[Path]) -> None:
    passes = []
    handle = score.model.model.language_model.register_forward_hook(lambda *_: passes.append(1))
    try:
        score.score(pictures[:3], ["bicycle", "cat", "house"], "wheels")
    finally:
        handle.remove()
    assert len(passes) == 1


def test_a_broken_picture_is_its_own_affair(score: VQAScore, pictures: list[Path]) -> None:
    found = score.score([pictures[3], pictures[0]], "bicycle", "wheels")
    assert [verdict.error is None for verdict in found] == [False, True]
    assert found[0].success is None


@pytest.mark.parametrize(
    ("objects", "said"),
    [("zebra", "'zebra'"), (["bicycle"], "2 pictures but 1 objects"), ("", "give a noun")],
)
def test_wrong_nouns_are_one_line(score: VQAScore, pictures: list[Path], objects: Any, said: str) -> None:
    with pytest.raises(NegjudgeError, match=said):
        score.score(pictures[:2], objects, "wheels")


def test_a_model_that_lacks_its_words_says_which(base: Path) -> None:
    with pytest.raises(NegjudgeError, match=r"does not know .*'figure'.*'Please'") as error:
        VQAScore.from_pretrained(base, device="cpu")
    assert "\n" not in str(error.value)


def test_an_evaluation_has_it_in_its_tables_or_says_why_not(tmp_path: Path, folder: Path, base: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    judges = {
        "VQAScore": JudgeRecipe(kind="vqascore", source=str(folder)),
        "VQAScore on base": JudgeRecipe(kind="vqascore", source=str(base)),
    }
    metrics = evaluate(synthetic.recipe_for(run, judges=judges, device="cpu"), run)
    assert list(metrics.methods) == ["oracle", "VQAScore"]
    assert "'figure'" in metrics.left_out["VQAScore on base"]
    assert {row.quality for row in metrics.methods["VQAScore"]} == {None}
    assert list(metrics.provenance.judges) == ["VQAScore"]
