"""TRL's trainer with a loss against soft answers, over a sequence a question or over packed pictures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from accelerate.utils import extract_model_from_parallel
from peft import PeftModel
from torch.nn import functional as F
from trl import SFTTrainer

from negjudge.training.features import filled
from negjudge.training.packing import IGNORED, answering


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
        logits = outputs.logits[rows, which]
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        logprobs = F.log_softmax(logits, dim=-1)[:, self.answers.to(labels.device)]
        losses = -(targets[rows] * logprobs).sum(dim=1)
        loss = losses.mean() if num_items_in_batch is None else self._share(losses, num_items_in_batch)
        return (loss, outputs) if return_outputs else loss

    def _share(self, losses: torch.Tensor, count: torch.Tensor | int) -> torch.Tensor:
        """Return what Trainer asks of a loss: the answers of all accumulated batches on all devices alike."""
        loss = losses.sum() / count
        if self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes
        return loss


class PackedTrainer(AnswerTrainer):
    """AnswerTrainer over packed batches: the same loss, the mean over all questions of a step.

    Pictures with more questions count for more, as they do when each question is a row of its own.
    """

    questions_each: float | None = None  # questions a picture of the evaluation

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Return the loss of a batch as ``PackedCollator`` makes it."""
        targets, labels, last = (inputs.pop(name) for name in ("targets", "labels", "last"))
        features = inputs.pop("features", None)
        base, answers = without_wraps(model), self.answers.to(last.device)
        seen = nullcontext() if features is None else filled(base, features)
        with seen, answering(base.lm_head, last, answers):
            outputs = model(**inputs, use_cache=False)
        logprobs = F.log_softmax(outputs.logits, dim=-1)[..., answers]
        losses = -(targets * logprobs).sum(dim=-1)  # zero where there is no question, as the targets are
        if not model.training and self.questions_each is not None:
            # Trainer weighs the batches of an evaluation by their pictures.
            loss = losses.sum() / (len(last) * self.questions_each)
        elif num_items_in_batch is None:
            loss = losses.sum() / (labels != IGNORED).sum()
        else:
            loss = self._share(losses, num_items_in_batch)
        return (loss, outputs) if return_outputs else loss


def without_wraps(model: Any) -> Any:
    """Return the Qwen2.5-VL model inside of what accelerate and peft put around it."""
    model = extract_model_from_parallel(model)
    return model.get_base_model() if isinstance(model, PeftModel) else model
