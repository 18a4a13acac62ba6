"""What an evaluation is asked for: the keys of eval/recipes/*.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from negjudge.errors import NegjudgeError
from negjudge.recipes import require_least

Parameter = float | int | bool | str | None
# Who tells what is in a picture without being listed under the key `judges`.
TAKEN = ("oracle", "labels", "tuned", "base")


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a server charges, per million tokens, in any one currency."""

    input: float
    """For tokens sent."""
    output: float
    """For tokens answered."""


@dataclass(frozen=True, kw_only=True)
class _Asked:
    source: str
    """Folder or Hub id of the weights; for an endpoint the name of the model there."""
    asked: Literal["test", "all"] = "test"
    """The test pictures alone, or all that the run's own judges are asked: validation and controls too."""


@dataclass(frozen=True, kw_only=True)
class _Loaded(_Asked):
    revision: str | None = None
    """Which version of a Hub id."""
    device: str | None = None
    """Where it runs; the recipe's own device when left out."""


@dataclass(frozen=True, kw_only=True)
class _Served(_Asked):
    concurrency: int = 4
    """Requests under way at once (endpoint)."""
    parameters: dict[str, Parameter] = field(default_factory=dict)
    """Parameters of the request besides our own, or instead of them; null leaves one out (endpoint)."""
    price: Price | None = None
    """What the server charges, to count the cost (endpoint)."""
    max_cost: float | None = None
    """The most that this judge may cost in this run, by price; then it stops (endpoint)."""
    max_requests: int | None = None
    """The most requests that may be answered in this run; then it stops (endpoint)."""


@dataclass(frozen=True, kw_only=True)
class LocalModel(_Loaded):
    """A judge of ours, tuned or not."""

    kind: Literal["local"] = "local"


@dataclass(frozen=True, kw_only=True)
class VQAScoreModel(_Loaded):
    """Any Qwen2.5-VL, asked as VQAScore asks."""

    kind: Literal["vqascore"] = "vqascore"


@dataclass(frozen=True, kw_only=True)
class EndpointModel(_Served):
    """A model behind an OpenAI-compatible endpoint, and what it may cost."""

    kind: Literal["endpoint"] = "endpoint"


JudgeModel = LocalModel | VQAScoreModel | EndpointModel
_KINDS: dict[str, type[JudgeModel]] = {
    "local": LocalModel,
    "vqascore": VQAScoreModel,
    "endpoint": EndpointModel,
}


@dataclass(frozen=True, kw_only=True)
class JudgeRecipe(_Loaded, _Served):
    """A judge to ask besides the run's own, as recipes and flags write it: ``model`` is what that means.

    It has the keys of every kind, for jsonargparse neither says what is wrong in a union of dataclasses nor
    puts flags such as ``--judges.NAME.kind`` and ``--judges.NAME.source`` together in one.
    """

    kind: Literal["local", "vqascore", "endpoint"] = "local"
    """A judge of ours from its folder, VQAScore on any Qwen2.5-VL, or a model behind an endpoint."""

    def model(self, key: str) -> JudgeModel:
        """Return the judge as its kind has it; ValueError names a key, under ``key``, of another kind."""
        names = {kind: {one.name for one in fields(model)} for kind, model in _KINDS.items()}
        plain = JudgeRecipe(source=self.source)
        for name in (one.name for one in fields(self)):
            if name not in names[self.kind] and getattr(self, name) != getattr(plain, name):
                owners = " or ".join(kind for kind, own in names.items() if name in own)
                raise ValueError(f"key '{key}.{name}': only a judge of kind {owners} has it")
        if self.max_cost is not None and self.price is None:
            raise ValueError(f"key '{key}.max_cost': give the price too, or the cost cannot be told")
        require_least(self, key, concurrency=1)
        return _KINDS[self.kind](**{name: getattr(self, name) for name in names[self.kind]})


@dataclass(frozen=True, kw_only=True)
class CardRecipe:
    """What a model card says that no file of the run does."""

    licence: str
    """Licence identifier that the judge inherits from its base, such as apache-2.0."""
    base_model: str | None = None
    """Hub id of the base; left out where the base is on no hub."""
    languages: list[str] = field(default_factory=lambda: ["en"])
    """Languages of the questions, as ISO 639-1 codes."""


@dataclass(frozen=True, kw_only=True)
class EvalRecipe:
    """Measures the methods and the judge of a run on held-out pairs."""

    run: str
    """The run folder, which holds the pictures and, where they were made, votes, labels and judge."""
    pairs: str
    """JSONL file of the pairs of object and element."""
    splits: str
    """JSON file of which pair serves what."""
    reader: str | None = None
    """The oracle, as module:function from picture files to readings; left out where only people know."""
    oracle_check: str | None = None
    """JSON file of the oracle checked by eye: each method's number of pictures and of wrong readings."""
    tuned: str | None = None
    """Folder or Hub id of the tuned judge; the run's own judge/ when left out."""
    base: str | None = None
    """Folder or Hub id of the judge before fine-tuning; asked where there is a tuned one, or no oracle."""
    judges: dict[str, JudgeRecipe] = field(default_factory=dict)
    """Further judges, by the name that tables show."""
    keep_questions: bool = False
    """Ask the judges about the parts that should stay, too, so that they tell collateral; takes time."""
    device: str | None = None
    """Where the judges run; chosen for the machine when left out."""
    batch_size: int = 64
    """Pictures that a judge is given at once."""
    control_pictures: int = 200
    """Pictures on which the judges also answer blind: with a blank or another picture in its place."""
    draws: int = 1000
    """Bootstrap draws behind every interval."""
    images: str | None = None
    """Folder of another generator's pictures, to measure beside the run's own; with ``manifest``."""
    manifest: str | None = None
    """CSV file that says of which pair and by which method each picture in ``images`` is."""
    replace: bool = False
    """Let a row of the manifest take the place of a stored picture of the same pair, method and seed."""
    label_budget: int | None = None
    """Labels that the table of few labels uses where all test pictures have one; a quarter when left out."""
    settings: str | None = None
    """YAML file of the methods' settings and of how they were found."""
    history: str | None = None
    """JSONL file of all settings that were tried on the dev pairs."""
    title: str = "negjudge"
    """Heading of the report."""
    note: str
    """One sentence on what these figures are and are not; it stands at every table."""
    about: list[str] = field(default_factory=list)
    """Paragraphs of the report's section on what was measured, and what was not."""
    card: CardRecipe
    """For the judge's model card."""

    def __post_init__(self) -> None:
        if (self.images is None) != (self.manifest is None):
            lacking = "images" if self.images is None else "manifest"
            raise ValueError(f"key {lacking!r} is missing; 'images' and 'manifest' go together")
        if self.replace and self.manifest is None:
            raise ValueError("key 'replace' needs 'images' and 'manifest'")
        require_least(self, draws=20, batch_size=1, control_pictures=0)
        for name in self.judges:
            if name in TAKEN or not re.fullmatch(r"[\w][\w. +-]*", name):
                raise ValueError(
                    f"key 'judges.{name}': a name has letters, digits, spaces and . + -, "
                    f"and is none of {', '.join(TAKEN)}"
                )
        self.models()

    def models(self) -> dict[str, JudgeModel]:
        """Return the further judges by name; ValueError names a key that a judge of its kind has not."""
        return {name: judge.model(f"judges.{name}") for name, judge in self.judges.items()}


def require_asked(recipe: EvalRecipe, left_out: Mapping[str, str]) -> None:
    """Raise NegjudgeError where a judge that the recipe lists was left out; the first is named."""
    for name in recipe.judges:
        if name in left_out:
            raise NegjudgeError(f"the judge {name} was left out: {left_out[name]}")
