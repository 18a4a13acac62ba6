"""What a labelling recipe says: who labels which pictures, and on which server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from negjudge.data.records import Source
from negjudge.recipes import require_least

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class LabelRecipe:
    """Who labels which pictures, and on which server."""

    run: str
    """Folder for votes and labels, and for the server's data."""
    samples: str | None = None
    """Run folder to copy the samples from; without it they are in the run folder itself."""
    pairs: str | None = None
    """JSONL file of pairs of object and element."""
    splits: str | None = None
    """JSON file of which pairs serve what."""
    parts: list[str] = field(default_factory=list)
    """Parts of the splits file whose pictures are labelled, such as judge/train; all pictures without it."""
    per_pair: int | None = None
    """Pictures drawn of each pair; all of them without it."""
    source: Source = "simulated"
    """people, or simulated."""
    annotators: list[str] = field(default_factory=lambda: ["annotator-1", "annotator-2", "annotator-3"])
    """Names of the annotators; each labels every picture."""
    voter: str | None = None
    """module:function that answers for simulated annotators, for each picture alone: runs may be resumed."""
    seed: int = 0
    """Seed of the simulated annotators."""
    port: int = 8090
    """Port of the server on this machine; 0 takes any free one."""
    executable: str = ".venv-labelstudio/bin/label-studio"
    """The server's program."""

    def __post_init__(self) -> None:
        names = self.annotators
        if not names or len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
            raise ValueError("key 'annotators' needs different names of lower-case letters, digits and . _ -")
        require_least(self, per_pair=1)
        if not 0 <= self.port <= 65535:
            raise ValueError(f"key 'port' is {self.port}, expected 0 to 65535")
        if (self.source == "simulated") != (self.voter is not None):
            raise ValueError("key 'voter' goes with source 'simulated', and only with it")
