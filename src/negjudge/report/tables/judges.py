"""The tables of the judges and of the annotators: by stratum, in full, what tuning gained, agreement."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from negjudge.evaluation.evidence.candidates import TUNED
from negjudge.evaluation.evidence.scored import PRIMARY
from negjudge.evaluation.judges.answers import TUNED_JUDGE
from negjudge.evaluation.judges.polarity import Polarity
from negjudge.evaluation.judges.quality import ALL, Gain, JudgeRow, Quality
from negjudge.evaluation.judges.questions import TOPICS, Topic, Truth
from negjudge.evaluation.metrics_file import Metrics
from negjudge.evaluation.wording import STRATUM_NAMES
from negjudge.labeling.agreement import Agreement
from negjudge.report.tables import table as t
from negjudge.report.tables.table import Column

TRUTHS: tuple[Truth, ...] = ("oracle", "labels")


def judges(metrics: Metrics) -> list[t.Table]:
    """Return for each truth and topic the judges by stratum, their order within pairs, all their figures."""
    found = []
    for (truth, topic), rows in judge_groups(metrics).items():
        asked = "success" if topic == PRIMARY else f"the {topic}"
        against = f"on {asked}, against {metrics.source_names[truth]}"
        found += _by_stratum(f"judges-{truth}-{topic}", against, rows, metrics.note)
        found += _ordering(f"judges-{truth}-{topic}-order", against, rows, metrics.note)
        found += _in_full(f"judges-{truth}-{topic}-full", against, rows, metrics.note)
    return found


def polarities(metrics: Metrics) -> list[t.Table]:
    """Return for each truth how the judges answer about the element, asked both ways."""
    columns: list[Column[Polarity]] = [
        Column("Judge", lambda row: t.words(row.judge)),
        Column("Stratum", lambda row: t.words(STRATUM_NAMES[row.stratum])),
        Column("Does it show …?", lambda row: t.rate(row.affirmative)),
        Column("Does it lack …?", lambda row: t.rate(row.negated)),
        Column("Yes to both", lambda row: t.rate(row.agrees_twice)),
        Column("Contradicts itself", lambda row: t.rate(row.contradicts)),
        Column("Flagged once calibrated", lambda row: t.rate(row.flagged)),
        Column("Questions", lambda row: t.count(row.questions)),
        Column("Pairs", lambda row: t.count(row.pairs)),
    ]
    found = []
    for truth in TRUTHS:
        rows = [row for row in metrics.polarities if (row.topic, row.truth) == ("element", truth)]
        caption = (
            f"Balanced accuracy of each question about the element alone, against "
            f"{metrics.source_names[truth]}; guessing gives 50 %."
        )
        found += t.tabulate(
            f"polarity-{truth}", caption, metrics.note, columns, rows, lead=lambda row: row.judge == TUNED
        )
    return found


def judge_groups(metrics: Metrics) -> dict[tuple[Truth, Topic], list[JudgeRow]]:
    """Return the judges' rows by truth and topic, in the order of the page, as far as there are any."""
    keys = [(truth, topic) for truth in TRUTHS for topic in TOPICS]
    groups = {key: [row for row in metrics.judges if (row.truth, row.topic) == key] for key in keys}
    return {key: rows for key, rows in groups.items() if rows}


@dataclass(frozen=True)
class _Judge:
    """A judge's rows by stratum."""

    judge: str
    strata: Mapping[str, JudgeRow]


def _by_stratum(name: str, against: str, rows: Sequence[JudgeRow], note: str) -> list[t.Table]:
    strata = list(dict.fromkeys(row.stratum for row in rows))
    cells: dict[str, dict[str, JudgeRow]] = {}
    for row in rows:
        cells.setdefault(row.judge, {})[row.stratum] = row
    counted = next(iter(cells.values()))
    # Those that answer blind are asked about one stratum alone: their figures stand in the full table.
    records = [_Judge(judge, found) for judge, found in cells.items() if len(found) > 1 or len(strata) == 1]
    columns: list[Column[_Judge]] = [
        Column("Judge", lambda row: t.words(row.judge)),
        *(Column(STRATUM_NAMES[stratum], _accuracy_on(stratum)) for stratum in strata),
    ]
    foot = [t.words("questions, pairs"), *(_asked(counted.get(stratum)) for stratum in strata)]
    caption = f"Balanced accuracy {against}."
    return t.tabulate(
        name, caption, note, columns, records, lead=lambda row: row.judge == TUNED_JUDGE, foot=[foot]
    )


def _ordering(name: str, against: str, rows: Sequence[JudgeRow], note: str) -> list[t.Table]:
    """Return how well the judges order a pair's pictures, where no knowledge of the pair helps."""
    strata = list(dict.fromkeys(row.stratum for row in rows))
    cells: dict[str, dict[str, JudgeRow]] = {}
    for row in rows:
        if row.quality is not None and row.quality.compared[0]:
            cells.setdefault(row.judge, {})[row.stratum] = row
    records = [_Judge(judge, found) for judge, found in cells.items() if len(found) > 1]
    if not records:
        return []
    columns: list[Column[_Judge]] = [
        Column("Judge", lambda row: t.words(row.judge)),
        *(Column(STRATUM_NAMES[stratum], _ordering_on(stratum)) for stratum in strata),
        Column("All four, within method", lambda row: _within_method(row.strata.get(ALL))),
    ]
    counted = records[0].strata
    foot = [
        t.words("comparisons"),
        *(_compared(counted.get(stratum), 0) for stratum in strata),
        _compared(counted.get(ALL), 1),
    ]
    caption = (
        f"AUROC within pair {against}: how often, of two pictures of one pair, that with a “yes” scores "
        "higher; 0.50 is guessing. Last, among pictures of one pair and method."
    )
    return t.tabulate(
        name, caption, note, columns, records, lead=lambda row: row.judge == TUNED_JUDGE, foot=[foot]
    )


def _ordering_on(stratum: str) -> Callable[[_Judge], t.Cell]:
    def cell(row: _Judge) -> t.Cell:
        found = row.strata.get(stratum)
        return t.EMPTY if found is None or found.quality is None else t.number(found.quality.within_pair)

    return cell


def _within_method(row: JudgeRow | None) -> t.Cell:
    return t.EMPTY if row is None or row.quality is None else t.number(row.quality.within_method)


def _compared(row: JudgeRow | None, which: int) -> t.Cell:
    return t.Cell("") if row is None or row.quality is None else t.words(str(row.quality.compared[which]))


def _accuracy_on(stratum: str) -> Callable[[_Judge], t.Cell]:
    return lambda row: _accuracy(row.strata.get(stratum))


def _accuracy(row: JudgeRow | None) -> t.Cell:
    if row is None:
        return t.EMPTY
    if row.quality is None:
        return t.Cell("", f"{row.pairs} pairs, too few")
    return t.rate(row.quality.balanced_accuracy)


def _asked(row: JudgeRow | None) -> t.Cell:
    return t.Cell("") if row is None else t.words(f"{row.questions}, {row.pairs}")


@dataclass(frozen=True)
class _Full:
    """A judge over all four strata, where there are enough pairs."""

    row: JudgeRow
    quality: Quality


def _in_full(name: str, against: str, rows: Sequence[JudgeRow], note: str) -> list[t.Table]:
    columns: list[Column[_Full]] = [
        Column("Judge", lambda one: t.words(one.row.judge)),
        Column("Says yes", lambda one: t.rate(one.quality.yes_rate)),
        Column("Truly yes", lambda one: t.share(one.row.positives)),
        Column("Forced", lambda one: t.rate(one.quality.forced)),
        Column("Wrong where decided", lambda one: t.rate(one.quality.error)),
        Column("AUROC", lambda one: t.number(one.quality.auroc)),
        Column("Brier", lambda one: t.number(one.quality.brier, 3)),
        Column("Calibration error", lambda one: t.number(one.quality.calibration_error, 3)),
        Column("Its floor", lambda one: _floor(one.quality)),
        Column("Threshold", lambda one: t.decimal(one.quality.threshold)),
        Column("Undecided", lambda one: t.share(one.row.undecided)),
        Column("Questions", lambda one: t.count(one.row.questions)),
    ]
    told = [_Full(row, row.quality) for row in rows if row.stratum == ALL and row.quality]
    caption = f"All figures {against}, all four strata together."
    return t.tabulate(name, caption, note, columns, told, lead=lambda one: one.row.judge == TUNED_JUDGE)


def _floor(quality: Quality) -> t.Cell:
    low, high = quality.floor, quality.floor_high
    if math.isnan(low):
        return t.EMPTY
    return t.Cell(t.decimal(low, 3).text, f"up to {t.decimal(high, 3).text}", low, None, high)


def gains(metrics: Metrics) -> list[t.Table]:
    """Return what fine-tuning gained over each other judge."""
    columns: list[Column[Gain]] = [
        Column("Tuned less", lambda row: t.words(row.over)),
        Column("Question", lambda row: t.words(row.topic)),
        Column("Against", lambda row: t.words(row.truth)),
        Column("Stratum", lambda row: t.words(STRATUM_NAMES[row.stratum])),
        Column("Difference", lambda row: t.difference(row.difference)),
        Column("Forced", lambda row: t.difference(row.forced)),
        Column("AUROC within pair", lambda row: t.difference(row.within_pair)),
        Column("and method", lambda row: t.difference(row.within_method)),
        Column("p", lambda row: t.p_cell(row.difference.p)),
        Column("Only tuned right", lambda row: t.count(row.difference.more)),
        Column("Only the other right", lambda row: t.count(row.difference.less)),
    ]
    rows = [row for row in metrics.gains if row.topic != PRIMARY or row.stratum == ALL]
    caption = (
        "Balanced accuracy of the tuned judge less another’s, on the same questions, in points: as answered, "
        "and with abstentions overruled; then the same of AUROC within pair, and within pair and method."
    )
    return t.tabulate("gains", caption, metrics.note, columns, rows)


def agreement(metrics: Metrics) -> list[t.Table]:
    """Return how far the annotators agree."""
    columns: list[Column[Agreement]] = [
        Column("Question", lambda row: t.words(row.question)),
        Column("Source", lambda row: t.words(row.source)),
        Column("Equal votes", lambda row: t.share(row.raw)),
        Column("Krippendorff’s α", lambda row: t.number(row.alpha_interval)),
        Column("Fleiss’ κ", lambda row: t.decimal(row.fleiss)),
        Column("Unsure", lambda row: t.share(row.unsure)),
        Column("Annotators", lambda row: t.count(row.annotators)),
        Column("Pictures", lambda row: t.count(row.pictures)),
        Column("Votes", lambda row: t.count(row.votes)),
    ]
    caption = "Agreement over pictures with at least two votes."
    return t.tabulate("agreement", caption, metrics.note, columns, metrics.agreement)
