"""What an evaluation is asked for: the keys of eval/recipes/*.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field


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
    base: str | None = None
    """Folder or Hub id of the judge before fine-tuning, to compare with."""
    device: str | None = None
    """Where the judges run; chosen for the machine when left out."""
    batch_size: int = 64
    """Pictures that a judge is given at once."""
    control_pictures: int = 200
    """Pictures on which the judges also answer blind: with a blank or another picture in its place."""
    draws: int = 1000
    """Bootstrap draws behind every interval."""
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
