"""Who reads the pictures of a search: an oracle, or a judge."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from negjudge.data.records import Pair, Sample
from negjudge.oracle.outcomes import Reading
from negjudge.recipes import load_function

if TYPE_CHECKING:
    from negjudge.judge.scorer import Scorer


@dataclass(frozen=True)
class Reader:
    """Who reads the pictures of a search: a name that stands in settings files, and how it reads them."""

    name: str
    read: Callable[[Sequence[Path], Sequence[Sample]], Sequence[Reading]]


def oracle_reader(spec: str) -> Reader:
    """Return an oracle as a reader: a function, as "module:function", from paths to readings."""
    read = load_function(spec, "reader")
    return Reader(f"{read.__module__}:{read.__qualname__}", lambda paths, samples: read(paths))


@dataclass(frozen=True)
class Seen:
    """What a judge sees in a picture: the object or not, and of its parts the element or not."""

    object: str | None
    parts: tuple[str, ...]


def judge_reader(
    source: str, pairs: Mapping[str, Pair], device: str | None = None, batch_size: int = 16
) -> Reader:
    """Return a judge as a reader, by its folder or Hub id; it is loaded when first needed.

    ``pairs`` are those of the pictures, by id: it is asked in their words.

    It answers about the object and the element alone, so there is no collateral. What it does not answer
    counts as failed: the object is not there, the element is.
    """

    @functools.cache
    def scorer() -> Scorer:
        from negjudge.judge.judge import Judge  # brings torch

        return Judge.from_pretrained(source, device=device)

    def read(paths: Sequence[Path], samples: Sequence[Sample]) -> list[Reading]:
        objects, elements = zip(*(pairs[sample.pair].asked for sample in samples), strict=True)
        verdicts = scorer().score(list(paths), objects, elements, batch_size)
        return [
            Seen(
                sample.object if (verdict.object_present or 0.0) >= 0.5 else None,
                () if (verdict.element_present if verdict.element_present is not None else 1.0) < 0.5
                else (sample.element,),
            )
            for verdict, sample in zip(verdicts, samples, strict=True)
        ]  # fmt: skip

    return Reader(f"judge {source}", read)
