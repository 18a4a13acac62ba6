"""What tables, page and terminal call sources and strata, and how they write numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from negjudge.statistics.clusters import Difference, Interval

HELD = {
    "kept": "the object is kept in {at:.0f} % as many pictures as without guidance",
    "quality": "the quality is {at:.0f} % of that without guidance",
    "collateral": "{at:.0f} % of the other parts are lost",
}


def level_name(measure: str, at: float) -> str:
    """Return where methods are held equal, in words."""
    return HELD[measure].format(at=100 * at)


class _Names(dict[str, str]):
    def __missing__(self, source: str) -> str:
        """Name a judge that the recipe added."""
        return f"the judge {source}"


SOURCE_NAMES = _Names(
    {
        "oracle": "the oracle",
        "labels": "the annotators' labels",
        "tuned": "the tuned judge",
        "base": "the base judge",
    }
)
STRATUM_NAMES = {
    "seen": "seen",
    "new_object": "new object",
    "new_element": "new element",
    "both_new": "both new",
    "all four": "all four",
    "strict": "new to the base too",
}


def percent(value: Interval | Difference | None, signed: bool = False) -> str:
    """Return an interval as "84 % (76–90)", a signed one as "+62 (54 to 70) points"; a dash for none."""
    if value is None or math.isnan(value.estimate):
        return "–"
    show = points if signed else whole_percent
    unit, to = ("points", " to ") if signed else ("%", "–")
    found = f"{show(value.estimate)} {unit}"
    if value.low is None or value.high is None:
        return found
    return f"{found} ({show(value.low)}{to}{show(value.high)})"


def interval(value: Interval | float | None, places: int = 2) -> str:
    """Return a number, or an interval as "0.21 (0.15–0.27)"; a dash for none."""
    if isinstance(value, Interval):
        estimate = interval(value.estimate, places)
        if value.low is None or value.high is None:
            return estimate
        return f"{estimate} ({interval(value.low, places)}–{interval(value.high, places)})"
    if value is None or math.isnan(value):
        return "–"
    return f"{value:z.{places}f}".replace("-", "−")


def points(value: float) -> str:
    """Return a difference of rates in points, with a sign; one that rounds to nothing has none."""
    rounded = round(100 * value)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{abs(rounded)}"


def whole_percent(value: float) -> str:
    """Return a share in per cent, without the sign."""
    return f"{100 * value:.0f}"


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: "VSF, NAG and CFG"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def is_clear(gap: Difference) -> bool:
    """Tell whether a difference is above 0, interval and corrected p-value alike."""
    return gap.low is not None and gap.low > 0 and gap.adjusted is not None and gap.adjusted < 0.05


def aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, its columns one below the other."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def source_names(votes: Sequence[str]) -> Mapping[str, str]:
    """Return each source's name, a further judge's too; labels that no person gave are called simulated.

    ``votes`` are the sources of a run's votes.
    """
    if list(votes) != ["simulated"]:
        return SOURCE_NAMES
    return type(SOURCE_NAMES)({**SOURCE_NAMES, "labels": "the simulated annotators' labels"})
