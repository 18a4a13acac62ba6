"""Which parts annotators are asked about besides the element, where a recipe wants that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from negjudge.data.records import Pair, Sample
from negjudge.errors import NegjudgeError

MOST_PARTS = 4
"""Parts of a picture that are asked about; with more the questions would not fit a screen."""

Parts = Mapping[str, tuple[str, ...]]
"""The parts that are asked about, by sample id; none where the sample is not there."""


def parts_asked(samples: Sequence[Sample], pairs: Mapping[str, Pair]) -> Parts:
    """Return the first parts of each sample's pair that should stay; ``pairs`` are by id.

    Raises NegjudgeError where a sample is of another pair.
    """
    for sample in samples:
        if sample.pair not in pairs:
            raise NegjudgeError(
                f"the parts to ask about are those of the pairs, and {sample.pair!r} is none of them; "
                "see key 'pairs'"
            )
    return {sample.id: tuple(pairs[sample.pair].parts_asked)[:MOST_PARTS] for sample in samples}
