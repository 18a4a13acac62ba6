"""The tiny generator is a genuine pipeline, and its scripts train, resume and store it."""

import json

import pytest
import torch
from diffusers import StableDiffusion3Pipeline

from minilab import make_student, make_teacher, make_vae
from minilab.flow import Denoiser, tokenize
from minilab.generator import TEXT_LENGTH, build_pipeline, build_tokenizer
from minilab.loop import Plan, train
from minilab.world import words


@pytest.fixture(scope="module")
def pipe():
    pipe = build_pipeline(seed=1)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def test_every_word_is_one_token(pipe):
    for word in words():
        assert len(pipe.tokenizer(word).input_ids) == 3, word


def test_training_sees_what_the_pipeline_computes(pipe):
    """The denoiser in training and the pipeline in use must put the text together alike."""
    prompt = ["a red car with wheels", "a cat"]
    seen = {}
    handle = pipe.transformer.register_forward_pre_hook(
        lambda module, args, kwargs: seen.update(kwargs), with_kwargs=True
    )
    try:
        pipe(
            prompt, num_inference_steps=1, guidance_scale=0, height=64, width=64,
            max_sequence_length=TEXT_LENGTH, output_type="latent",
        )  # fmt: skip
    finally:
        handle.remove()
    with torch.no_grad():
        expected = pipe.transformer(**{**seen, "return_dict": False})[0]
        found = Denoiser(pipe).eval()(seen["hidden_states"], seen["timestep"] / 1000, tokenize(pipe, prompt))
    assert torch.allclose(found, expected, atol=1e-5)


def test_a_resumed_training_is_the_unbroken_one(tmp_path):
    def run(folder, *lengths):
        for steps in lengths:
            torch.manual_seed(0)
            module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 1))

            def loss_of(step, module=module, killed_at=steps):
                if step == killed_at:
                    raise KeyboardInterrupt
                generator = torch.Generator().manual_seed(step)
                return module(torch.randn(8, 3, generator=generator)).square().mean()

            try:
                average = train(
                    module,
                    loss_of,
                    folder,
                    Plan(20, save_every=5),
                    learning_rate=0.1,
                    matrices=[module[0].weight],
                )
            except KeyboardInterrupt:
                continue
        return torch.cat([weight.flatten() for weight in average.parameters()])

    assert torch.equal(run(tmp_path / "whole", 99), run(tmp_path / "broken", 7, 13, 99))


def test_a_training_with_minutes_ends_with_them(tmp_path):
    module = torch.nn.Linear(3, 1)
    inputs = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    train(module, lambda step: module(inputs).square().mean(), tmp_path, Plan(1, 0.002), learning_rate=0.1)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] > 1  # the steps bind no training that has minutes
    again = train(module, None, tmp_path, Plan(1, 0.002), learning_rate=0.1)  # nothing is left to do
    assert torch.equal(again.weight, torch.load(tmp_path / "checkpoint.pt")["average"]["weight"])


def test_a_latents_errors_leave_it_nearest_its_own_picture():
    generator = torch.Generator().manual_seed(0)
    own, twins = (
        torch.randn(64, 12, 16, 16, generator=generator),
        torch.randn(64, 12, 16, 16, generator=generator),
    )
    wrong = make_vae.spoilt(own, twins, generator)
    to_own, to_twin = ((wrong - some).square().mean((1, 2, 3)) for some in (own, twins))
    assert (to_own > 0).all()
    assert (to_own < to_twin).all()


def test_the_scripts_make_a_pipeline_from_nothing(tmp_path, monkeypatch):
    for module in (make_teacher, make_student):
        monkeypatch.setattr(module, "BUILD", tmp_path)
    for module, pictures in ((make_vae, 64), (make_teacher, 80)):
        monkeypatch.setattr(module, "PICTURES", pictures)
        monkeypatch.setattr(module, "BATCH", 4)
    monkeypatch.setattr(make_student, "BATCH", 4)
    monkeypatch.setattr(make_student, "TEACHER_STEPS", 2)
    make_vae.make_vae((Plan(2), Plan(2)), folder=tmp_path / "vae")
    make_teacher.make_teacher(Plan(2), 0, tmp_path / "teacher-0")
    make_student.make_student(Plan(2), 2, 0, tmp_path / "student-0")
    pipe = StableDiffusion3Pipeline.from_pretrained(
        tmp_path / "student-0" / "model", text_encoder_3=None, tokenizer_3=None
    )
    picture = pipe(
        "a car", num_inference_steps=1, guidance_scale=0, height=64, width=64, max_sequence_length=16
    )
    assert picture.images[0].size == (64, 64)
    log = (tmp_path / "student-0" / "log.jsonl").read_text().splitlines()
    assert json.loads(log[-1])["step"] == 2
    teacher = torch.load(tmp_path / "teacher-0" / "checkpoint.pt", weights_only=True)["average"]
    student = torch.load(tmp_path / "student-0" / "checkpoint.pt", weights_only=True)["average"]
    assert any(not torch.equal(teacher[name], student[name]) for name in teacher)


def test_two_tokenizers_number_the_words_alike(pipe):
    """Captions must mean in use what they meant in training, and to both encoders the same."""
    assert pipe.tokenizer.get_vocab() == pipe.tokenizer_2.get_vocab() == build_tokenizer().get_vocab()
