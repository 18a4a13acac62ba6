"""What a training is asked for: the keys of train/recipes/*.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from negjudge.recipes import require_least

Asked = Literal["element", "untested", "every"]
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
    ask: Asked = "element"
    """The element alone; every labelled part whose word is not held out; of these the untested, README.md."""
    visible: Literal["dropped", "masked"] = "dropped"
    """A picture that shows a held-out element is dropped, or kept and not asked about it (a weaker "new")."""
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
    packed: bool = False
    """true puts all questions of a picture into one sequence behind one prefix: the same loss, several times
    the questions a second, but a step's questions are about fewer pictures. false: a sequence a question."""
    cache_features: bool = True
    """Where packed, the vision tower sees a picture once, and its features are kept on disk for all epochs:
    the picture's tokens times their width, 2 bytes each in bfloat16. With lora.vision nothing is kept, since
    the tower then changes."""
    batch_size: int = 8
    """Questions a batch, on each device; where packed, the whole pictures that come nearest to as many."""
    gradient_accumulation: int = 1
    """Batches whose gradients are added up before the weights move; where packed, as many as keep a step's
    questions nearest to batch_size times this."""
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
