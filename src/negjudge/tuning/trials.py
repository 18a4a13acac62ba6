"""What the search writes down of every setting that it tries; reading it needs no sampler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """One setting of one method on the dev pairs: rates over its pictures, and the best success so far.

    ``method`` is the contestant's name. ``evaluations`` counts forwards of the denoiser, one picture each;
    ``context`` stands for everything else that the rates depend on.
    """

    method: str
    number: int
    params: Mapping[str, float | str]
    pictures: int
    evaluations: int
    success: float
    kept: float
    removed: float
    collateral: float
    best: float
    context: str

    def figures(self, *more: str) -> dict[str, float]:
        """Return the rates and some other fields, rounded, as files record them."""
        names = ("success", "kept", "removed", "collateral", *more)
        return {name: round(getattr(self, name), 4) for name in names}

    def summary(self) -> str:
        """Return the line that a person reads."""
        params = ", ".join(f"{n} {v}" if isinstance(v, str) else f"{n} {v:g}" for n, v in self.params.items())
        rates = f"success {self.success:.2f}, kept {self.kept:.2f}, removed {self.removed:.2f}"
        return f"{self.method}: {params}: {rates}, collateral {self.collateral:.2f}, {self.pictures} pictures"

    @property
    def rank(self) -> tuple[float, float, int]:
        """Sorts the best first: success, then little collateral, then the earlier."""
        return -self.success, self.collateral, self.number
