"""Fine-tuning itself: TRL's SFTTrainer with a peft LoRA, soft answers for targets, checkpoints and resume."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from torch.nn import functional as F
from transformers import BitsAndBytesConfig, PrinterCallback, TrainerCallback
from transformers.utils import logging as transformers_logging
from trl import SFTConfig, SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from negjudge.data.durable import write_atomically
from negjudge.errors import NegjudgeError
from negjudge.judge.loading import load_model, quiet
from negjudge.judge.prompts import read_template
from negjudge.progress import progress_bar
from negjudge.training.data import Row, to_dataset
from negjudge.training.recipe import CURVES, LoraSettings, TrainRecipe

IGNORED = -100  # the label of tokens without loss, as transformers has it

_LAYERS = "q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj"
LANGUAGE = rf".*language_model\.layers\..*\.({_LAYERS})"
VISION = r".*visual\.(blocks\..*\.(qkv|proj|gate_proj|up_proj|down_proj)|merger\.mlp\.[02])"


@dataclass(frozen=True)
class Tuned:
    """The model with its LoRA after training, its processor, and what is worth recording."""

    model: Any
    processor: Any
    record: Mapping[str, Any]


def tune(
    recipe: TrainRecipe,
    base: Path,
    processor: Any,
    train: Sequence[Row],
    validation: Sequence[Row],
    work: Path,
) -> Tuned:
    """Tune the base on the rows, from the last whole checkpoint in ``work`` if there is one.

    ``processor`` is the base's; from then on it makes pictures smaller, if the recipe says so. The weights
    returned are those of the checkpoint with the least validation loss. Writes checkpoints and curves.jsonl
    (training and validation loss by step) into ``work``. Raises NegjudgeError where the device cannot do what
    the recipe asks for, or a part of the LoRA did not learn.
    """
    transformers_logging.set_verbosity_error()
    with quiet():
        return _tune(recipe, base, processor, train, validation, work)


def _tune(
    recipe: TrainRecipe,
    base: Path,
    processor: Any,
    train: Sequence[Row],
    validation: Sequence[Row],
    work: Path,
) -> Tuned:
    if recipe.max_pixels is not None:
        processor.image_processor.size["longest_edge"] = recipe.max_pixels
    answers = read_template(processor).answers
    trainer = AnswerTrainer(
        model=_base_model(recipe, base),
        args=_arguments(recipe, len(train), work),
        train_dataset=to_dataset(train),
        eval_dataset=to_dataset(validation),
        processing_class=processor,
        peft_config=_lora(recipe.lora),
        data_collator=AnswerCollator(
            DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True)
        ),
        callbacks=[_Bar(), _Curves(work / CURVES)],
    )
    trainer.answers = torch.tensor(answers)
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=last_checkpoint(work))
    return Tuned(trainer.model.eval(), processor, _record(trainer, len(train)))


class AnswerCollator:
    """Batches rows as TRL does, and keeps only the label of the answer's first token: no other is read."""

    def __init__(self, collate: Callable[[list[dict[str, Any]]], dict[str, Any]]) -> None:
        self.collate = collate

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the model's inputs, ``labels`` (batch, tokens) and ``targets`` (batch, answers)."""
        targets = torch.tensor([example["target"] for example in examples])
        batch = self.collate([{k: v for k, v in example.items() if k != "target"} for example in examples])
        answered = batch["labels"] != IGNORED
        first = answered & (answered.cumsum(dim=1) == 1)
        return {**batch, "labels": batch["labels"].masked_fill(~first, IGNORED), "targets": targets}


class AnswerTrainer(SFTTrainer):
    """SFTTrainer whose loss is the cross-entropy against soft answers instead of one right token."""

    answers: torch.Tensor  # token ids of judge_prompts.ANSWERS

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Return the loss: over the whole vocabulary, so that other words than answers lose probability."""
        targets, labels = inputs.pop("targets"), inputs.pop("labels")
        rows, places = (labels != IGNORED).nonzero(as_tuple=True)
        # The logits that stand before an answer predict it; only those places go through the head.
        kept, which = (places - 1).unique(return_inverse=True)
        outputs = model(**inputs, use_cache=False, logits_to_keep=kept)
        logprobs = F.log_softmax(outputs.logits[rows, which].float(), dim=-1)[
            :, self.answers.to(labels.device)
        ]
        losses = -(targets[rows] * logprobs).sum(dim=1)
        # As Trainer asks of a loss: the answers of all accumulated batches on all devices count alike.
        loss = losses.mean() if num_items_in_batch is None else losses.sum() / num_items_in_batch
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss


class _Bar(TrainerCallback):
    """Shows the progress bar that all stages share."""

    def __init__(self) -> None:
        self.stack = ExitStack()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            bar = progress_bar("training the judge", state.max_steps, "steps", state.global_step)
            self.advance = self.stack.enter_context(bar)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self.advance()

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.stack.close()


class _Curves(TrainerCallback):
    """Writes the losses so far; the trainer's state brings back those from before a resume."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            lines = [json.dumps(entry) for entry in state.log_history if {"loss", "eval_loss"} & entry.keys()]
            write_atomically(self.path, "".join(f"{line}\n" for line in lines))


def _base_model(recipe: TrainRecipe, base: Path) -> Any:
    options: dict[str, Any] = {}
    if recipe.quantization == "4bit":
        if recipe.device == "cpu" or not torch.cuda.is_available():
            raise NegjudgeError("quantization is 4bit, which needs a CUDA device; choose a recipe without it")
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    model = load_model(base, getattr(torch, recipe.dtype), **options)
    model.config.name_or_path = recipe.base  # peft records it as the base of the adapter
    return model


def _lora(settings: LoraSettings) -> LoraConfig:
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=f"({LANGUAGE}|{VISION})" if settings.vision else LANGUAGE,
        task_type="CAUSAL_LM",
    )


def _arguments(recipe: TrainRecipe, count: int, work: Path) -> SFTConfig:
    cpu = recipe.device == "cpu"
    devices = int(os.environ.get("WORLD_SIZE", "1"))  # as accelerate and torchrun set it
    per_step = recipe.batch_size * recipe.gradient_accumulation * devices
    steps = max(1, math.ceil(count / per_step * recipe.epochs))
    logged = max(1, steps // 60)
    # A checkpoint between two logged steps would make the first loss after a resume one of fewer steps.
    every = logged * max(1, steps // (recipe.evaluations * logged))
    return SFTConfig(
        output_dir=str(work),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=4 * recipe.batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        gradient_checkpointing=recipe.gradient_checkpointing,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=round(steps * recipe.warmup),
        weight_decay=recipe.weight_decay,
        logging_steps=logged,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,  # by validation loss
        seed=recipe.seed,
        data_seed=recipe.seed,
        bf16=recipe.dtype == "bfloat16",
        use_cpu=cpu,
        dataloader_pin_memory=not cpu and torch.cuda.is_available(),
        max_length=None,  # cutting would drop picture tokens, whose features would then not fit
        remove_unused_columns=False,  # "target" is no argument of the model
        prediction_loss_only=True,
        report_to="none",
        disable_tqdm=True,
    )


def last_checkpoint(work: Path) -> str | None:
    """Return the newest checkpoint that was written to its end: the trainer writes its state last."""
    found = sorted(
        work.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]), reverse=True
    )
    return next((str(path) for path in found if _is_whole(path / "trainer_state.json")), None)


def _is_whole(state: Path) -> bool:
    try:
        json.loads(state.read_text())
    except (OSError, ValueError):
        return False
    return True


def _record(trainer: Any, count: int) -> dict[str, Any]:
    updates = [(n, p) for n, p in trainer.model.named_parameters() if "lora_B" in n]
    still = [name for name, parameter in updates if not parameter.any()]
    if still:
        raise NegjudgeError(
            f"{len(still)} parts of the LoRA did not learn, {still[0]} first; train for longer"
        )
    return {
        "steps": trainer.state.global_step,
        "questions": count,
        "lora_updates": len(updates),
        "lora_parameters": sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
        "best_step": trainer.state.best_global_step,
        "validation_loss": trainer.state.best_metric,
    }
