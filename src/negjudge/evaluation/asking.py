"""How each kind of judge is loaded and asked; brings torch only when one is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from negjudge.evaluation.asks import Ask
from negjudge.evaluation.candidates import Candidate
from negjudge.evaluation.recipe import JudgeRecipe
from negjudge.records import Pair, Verdict

Answer = Callable[[Sequence[Ask]], list[Verdict]]


@contextlib.contextmanager
def asker(candidate: Candidate, run: Path, pairs: Mapping[str, Pair], batch_size: int) -> Iterator[Answer]:
    """Load a judge and yield what asks it; NegjudgeError where it is missing or cannot answer."""
    judge = _load(candidate.judge)

    def answer(asks: Sequence[Ask]) -> list[Verdict]:
        said: list[Verdict] = judge.score(
            [ask.image() for ask in asks],
            objects=[ask.object for ask in asks],
            absent=[ask.element for ask in asks],
            batch_size=batch_size,
        )
        return said

    yield answer


def _load(judge: JudgeRecipe) -> Any:
    from negjudge.judge import Judge

    return Judge.from_pretrained(judge.source, revision=judge.revision, device=judge.device)
