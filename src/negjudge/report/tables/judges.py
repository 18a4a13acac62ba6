"""The tables of the judges and of the annotators: by stratum, in full, what tuning gained, agreement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from negjudge.evaluation.evidence.scored import PRIMARY
from negjudge.evaluation.judges.answers import TUNED
from negjudge.evaluation.wording import STRATUM_NAMES, source_names
from negjudge.report.tables.table import (
    EMPTY,
    Cell,
    Column,
    Record,
    Table,
    at,
    count,
    decimal,
    difference,
    number,
    p_cell,
    rate,
    share,
    tabulate,
    words,
)

ALL = "all four"


def judges(metrics: Record) -> list[Table]:
    """Return for each truth and topic the judges by stratum, and all their figures over the four strata."""
    found, names = [], source_names(metrics)
    for (truth, topic), rows in judge_groups(metrics).items():
        against = f"on the {topic}, against {names[truth]}"
        if topic == PRIMARY:
            against = f"on success, against {names[truth]}"
        found += _by_stratum(f"judges-{truth}-{topic}", against, rows, metrics["note"])
        found += _in_full(f"judges-{truth}-{topic}-full", against, rows, metrics["note"])
    return found


def judge_groups(metrics: Record) -> dict[tuple[str, str], list[Record]]:
    """Return the judges' rows by truth and topic, in the order of the page, as far as there are any."""
    keys = [(truth, topic) for truth in ("oracle", "labels") for topic in ("element", "object", "success")]
    groups = {key: [r for r in metrics["judges"] if (r["truth"], r["topic"]) == key] for key in keys}
    return {key: rows for key, rows in groups.items() if rows}


def _by_stratum(name: str, against: str, rows: Sequence[Record], note: str) -> list[Table]:
    strata = list(dict.fromkeys(row["stratum"] for row in rows))
    cells: dict[str, dict[str, Record]] = {}
    for row in rows:
        cells.setdefault(row["judge"], {})[row["stratum"]] = row
    counted = next(iter(cells.values()))
    # Those that answer blind are asked about one stratum alone: their figures stand in the full table.
    records = [
        {"judge": judge, **found} for judge, found in cells.items() if len(found) > 1 or len(strata) == 1
    ]
    columns = [
        Column("Judge", at(words, "judge")),
        *(Column(STRATUM_NAMES[stratum], at(_accuracy, stratum)) for stratum in strata),
    ]
    foot = [words("questions, pairs"), *(_asked(counted.get(stratum)) for stratum in strata)]
    caption = f"Balanced accuracy {against}."
    return tabulate(name, caption, note, columns, records, lead=_is_tuned, foot=[foot])


def _in_full(name: str, against: str, rows: Iterable[Record], note: str) -> list[Table]:
    columns = [
        Column("Judge", at(words, "judge")),
        Column("Says yes", _of_quality(rate, "yes_rate")),
        Column("Truly yes", at(share, "positives")),
        Column("AUROC", _of_quality(number, "auroc")),
        Column("Brier", _of_quality(lambda value: number(value, 3), "brier")),
        Column("Calibration error", _of_quality(lambda value: number(value, 3), "calibration_error")),
        Column("Its floor", lambda row: _floor(row["quality"])),
        Column("Threshold", _of_quality(decimal, "threshold")),
        Column("Undecided", at(share, "undecided")),
        Column("Questions", at(count, "questions")),
    ]
    told = [row for row in rows if row["stratum"] == ALL and row["quality"]]
    caption = f"All figures {against}, all four strata together."
    return tabulate(name, caption, note, columns, told, lead=_is_tuned)


def gains(metrics: Record) -> list[Table]:
    """Return what fine-tuning gained over each other judge."""
    columns = [
        Column("Tuned less", at(words, "over")),
        Column("Question", at(words, "topic")),
        Column("Against", at(words, "truth")),
        Column("Stratum", lambda row: words(STRATUM_NAMES[row["stratum"]])),
        Column("Difference", at(difference, "difference")),
        Column("p", lambda row: p_cell(row["difference"]["p"])),
        Column("Only tuned right", lambda row: count(row["difference"]["more"])),
        Column("Only the other right", lambda row: count(row["difference"]["less"])),
    ]
    rows = [row for row in metrics["gains"] if row["topic"] != PRIMARY or row["stratum"] == ALL]
    caption = "Balanced accuracy of the tuned judge less another’s, on the same questions, in points."
    return tabulate("gains", caption, metrics["note"], columns, rows)


def agreement(metrics: Record) -> list[Table]:
    """Return how far the annotators agree."""
    columns = [
        Column("Question", at(words, "question")),
        Column("Source", at(words, "source")),
        Column("Equal votes", at(share, "raw")),
        Column(
            "Krippendorff’s α",
            lambda row: number({"estimate": row["alpha"], "low": row["low"], "high": row["high"]}),
        ),
        Column("Fleiss’ κ", at(decimal, "fleiss")),
        Column("Unsure", at(share, "unsure")),
        Column("Annotators", at(count, "annotators")),
        Column("Pictures", at(count, "pictures")),
        Column("Votes", at(count, "votes")),
    ]
    caption = "Agreement over pictures with at least two votes."
    return tabulate("agreement", caption, metrics["note"], columns, metrics["agreement"])


def _of_quality(make: Callable[..., Cell], key: str) -> Callable[[Record], Cell]:
    return lambda record: make(record["quality"][key])


def _is_tuned(row: Record) -> bool:
    return bool(row["judge"] == TUNED)


def _accuracy(row: Record) -> Cell:
    if row["quality"] is None:
        return Cell("", f"{row['pairs']} pairs, too few")
    return rate(row["quality"]["balanced_accuracy"])


def _asked(row: Record | None) -> Cell:
    return Cell("") if row is None else words(f"{row['questions']}, {row['pairs']}")


def _floor(quality: Record) -> Cell:
    low, high = quality["floor"], quality["floor_high"]
    if low is None:
        return EMPTY
    return Cell(decimal(low, 3).text, f"up to {decimal(high, 3).text}", low, None, high)
