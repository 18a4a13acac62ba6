"""What makes pictures, as recipes say it: which pipeline, on what device, in how many steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from negjudge.generation.jobs import Rendering
from negjudge.generation.loras import Lora
from negjudge.generation.pipelines import Model, find_model
from negjudge.recipes import require_least


@dataclass(frozen=True, kw_only=True)
class GeneratorRecipe:
    """A diffusers pipeline, and how it makes each picture."""

    model: str
    """A diffusers pipeline: its folder, or its Hub id."""
    revision: str | None = None
    """Branch, tag or commit of a Hub id."""
    lora: Lora | None = None
    """A LoRA to load into it, such as one that makes it need few steps."""
    device: str = "cpu"
    """cpu, cuda, mps, or auto for the best one there is."""
    dtype: str = "float32"
    """float32, bfloat16 or float16."""
    offload: bool = False
    """Keep the parts of the pipeline that wait in main memory."""
    steps: int = 8
    """Sampler steps of a picture."""
    width: int = 64
    """Pixels."""
    height: int = 64
    """Pixels."""
    batch_size: int = 16
    """Pictures in one forward; a short batch is filled up, so that this never changes a pixel on resume."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """More arguments of the pipeline's call."""

    def __post_init__(self) -> None:
        require_least(self, steps=1, width=1, height=1, batch_size=1)

    def find_model(self) -> Model:
        """Return the pipeline, found and named but not loaded; see ``pipelines.find_model``."""
        return find_model(self.model, self.revision, self.device, self.dtype, self.offload, self.lora)

    @property
    def rendering(self) -> Rendering:
        """How each picture is made."""
        return Rendering(self.steps, self.width, self.height, self.batch_size, self.arguments)


@dataclass(frozen=True, kw_only=True)
class PictureRecipe(GeneratorRecipe):
    """What every recipe that makes pictures says: where, of what, with which pipeline and how."""

    run: str
    """Folder for what is made."""
    pairs: str
    """JSONL file of pairs of object and element."""
    splits: str
    """JSON file of which pairs serve what."""
