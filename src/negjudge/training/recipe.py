"""What a training is asked for: the keys of train/recipes/*.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from negjudge.recipes import require_least

CURVES = "curves.jsonl"  # training and validation loss by step, in the judge's folder


@dataclass(frozen=True, kw_only=True)
class LoraSettings:
    """The shape of the LoRA, on the attention and MLP of the language model."""

    rank: int = 16
    """Rank of each update."""
    alpha: int = 32
    """Scale of the updates, times one over the rank."""
    dropout: float = 0.05
    """Dropout before each update."""
    vision: bool = False
    """Whether the vision tower and its merger get updates too."""


@dataclass(frozen=True, kw_only=True)
class TrainRecipe:
    """Tunes a judge on the labels of a run."""

    run: str
    """The run folder, with samples.jsonl and labels.jsonl; the judge goes into its folder judge/."""
    base: str
    """Folder or Hub id of the Qwen2.5-VL model to tune."""
    revision: str | None = None
    """Branch, tag or commit of a Hub id."""
    pairs: str
    """JSONL file of the pairs of object and element."""
    splits: str
    """JSON file of which pair serves what: those of judge/train and judge/validation are used."""
    reader: str | None = None
    """The oracle, as module:function: pictures in which it sees something held out are left out."""
    absent_objects: int = 0
    """Further objects to ask each picture about, and answer with no; only where pictures show one object."""
    lora: LoraSettings = field(default_factory=LoraSettings)
    """The shape of the LoRA."""
    quantization: Literal["none", "4bit"] = "none"
    """4bit loads the base in four bits (QLoRA), on a CUDA device."""
    device: Literal["cpu", "auto"] = "auto"
    """auto takes a GPU where there is one."""
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    """Type of the base's weights in memory."""
    max_pixels: int | None = None
    """Larger pictures are made smaller; never cut, so that no picture token is lost."""
    epochs: float = 2.0
    """Passes over the questions."""
    batch_size: int = 8
    """Questions a step, on each device."""
    gradient_accumulation: int = 1
    """Batches whose gradients are added up before the weights move."""
    gradient_checkpointing: bool = False
    """Trade time for memory."""
    learning_rate: float = 1e-4
    """Peak learning rate; it falls along a half cosine after the warm-up."""
    warmup: float = 0.05
    """Share of the steps over which the learning rate rises."""
    weight_decay: float = 0.0
    """Weight decay of AdamW."""
    evaluations: int = 4
    """How often, evenly spread, the validation loss is taken and a checkpoint written."""
    abstain_error: float = 0.1
    """Abstain so often that at most this share of the other validation pictures is judged wrong."""
    seed: int = 0
    """Of the LoRA's start, of the order of questions and of dropout."""

    def __post_init__(self) -> None:
        require_least(self, batch_size=1, gradient_accumulation=1, evaluations=1)
        if self.epochs <= 0 or self.learning_rate <= 0:
            raise ValueError("keys 'epochs' and 'learning_rate' must be above 0")
