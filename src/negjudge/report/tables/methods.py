"""The tables of the methods: their figures by each source, their differences, the settings tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from negjudge.evaluation.evidence.scored import PRIMARY
from negjudge.evaluation.methods.pairs import PairRow
from negjudge.evaluation.methods.specificity import Specificity
from negjudge.evaluation.methods.table import Comparison, MethodRow
from negjudge.evaluation.metrics_file import Metrics
from negjudge.evaluation.wording import is_clear
from negjudge.guidance.methods import METHOD_NAMES, UNGUIDED
from negjudge.oracle.check import OracleError
from negjudge.report.tables import table as t
from negjudge.report.tables.table import Column
from negjudge.statistics.clusters import Interval
from negjudge.tuning.trials import Trial

QUALITY_HEADS = {"oracle": "Residual", "labels": "Rating 1–5"}
PAIRED = (
    "paired by pair and seed, in points; p-values are corrected by Holm’s method within each measure. "
    "More and fewer count the pictures that speak for the first and for the second."
)
BY_PAIR = "† The two share no seeds, or few: each pair’s means are compared, and more and fewer count pairs."
WITHSTANDS = (
    "A difference withstands the oracle’s error if it stays clear of 0 even where all of both methods’ "
    "errors, at the upper ends of their intervals, were in its favour."
)


@dataclass(frozen=True)
class _BySource:
    """A method's success by each source that looked at its pictures."""

    method: str
    success: Mapping[str, Interval]


def success_by_source(metrics: Metrics) -> list[t.Table]:
    """Return each method's success by each source that looked; nothing where there is but one."""
    found = metrics.methods
    if len(found) < 2:
        return []
    success: dict[str, dict[str, Interval]] = {}
    for source, rows in found.items():
        for row in rows:
            success.setdefault(row.method, {})[source] = row.success
    columns: list[Column[_BySource]] = [
        t.method_column(),
        *(Column(metrics.source_names[source], _success_by(source)) for source in found),
    ]
    foot = [t.words("pictures a method"), *(t.words(_pictures_of(rows)) for rows in found.values())]
    return t.tabulate(
        "success",
        "Success by who looks.",
        metrics.note,
        columns,
        [_BySource(method, by) for method, by in success.items()],
        lead=_best(metrics),
        foot=[foot],
    )


def _success_by(source: str) -> Callable[[_BySource], t.Cell]:
    return lambda row: t.rate(row.success.get(source))


def _pictures_of(rows: Sequence[MethodRow]) -> str:
    """Return on how many pictures a method's figures rest: "144", or "63–76" where methods have unlike."""
    counts = [row.pictures for row in rows]
    return "–".join(map(str, dict.fromkeys((min(counts), max(counts)))))


def methods_by_source(metrics: Metrics) -> list[t.Table]:
    """Return a table of all measures for each source."""
    errors = {check.method: check.error for check in metrics.oracle_check}
    found = []
    leading = metrics.finding.source if metrics.finding else "oracle"
    for source, rows in metrics.methods.items():
        columns: list[Column[MethodRow]] = [
            t.method_column(),
            *t.rate_columns(),
            Column(QUALITY_HEADS.get(source, "Expected rating"), lambda row: t.number(row.quality)),
            Column("Undecided", lambda row: t.share(row.undecided)),
            Column("Pictures", lambda row: t.count(row.pictures)),
            Column("Pairs", lambda row: t.count(row.pairs)),
        ]
        if source == leading:
            columns += [
                Column("Evaluations", lambda row: t.count(row.evaluations)),
                Column("Setting", lambda row: t.words(t.setting(row.params), wraps=True)),
            ]
        if source == "oracle":
            columns.append(Column("Oracle’s error", lambda row: t.rate(errors.get(row.method))))
        caption = f"All measures by {metrics.source_names[source]}."
        found += t.tabulate(f"methods-{source}", caption, metrics.note, columns, rows, lead=_best(metrics))
    return found


def differences(metrics: Metrics) -> list[t.Table]:
    """Return for each source the paired differences in success, and those in the other measures."""
    found = []
    for source, rows in metrics.comparisons.items():
        by = metrics.source_names[source]
        primary = [row for row in rows if row.measure == PRIMARY]
        others = [row for row in rows if row.measure != PRIMARY]
        found += _differences(f"differences-{source}", by, primary, metrics.note)
        found += _differences(f"differences-{source}-others", by, others, metrics.note)
    return found


def _differences(name: str, by: str, rows: Sequence[Comparison], note: str) -> list[t.Table]:
    columns: list[Column[Comparison]] = [
        Column("Methods", lambda row: t.words(_both(row))),
        Column("Measure", lambda row: t.words(_measure(row))),
        Column("Difference", lambda row: t.difference(row.difference)),
        Column("p, corrected", lambda row: t.p_cell(row.difference.adjusted)),
        Column("More", lambda row: t.count(row.difference.more)),
        Column("Fewer", lambda row: t.count(row.difference.less)),
        Column("Pictures", lambda row: t.count(row.pictures)),
        Column("Withstands the oracle’s error", lambda row: _yes_or_no(row.withstands)),
    ]
    caption = f"Differences by {by}, {PAIRED}"
    if any(row.withstands is not None for row in rows):
        caption += f" {WITHSTANDS}"
    if any(row.paired_by != "pair and seed" for row in rows):
        caption += f" {BY_PAIR}"
    return t.tabulate(name, caption, note, columns, rows)


def _both(row: Comparison) -> str:
    mark = "" if row.paired_by == "pair and seed" else " †"
    return f"{METHOD_NAMES[row.first]} less {METHOD_NAMES[row.second]}{mark}"


def _measure(row: Comparison) -> str:
    is_primary = row.measure == PRIMARY and row.second == UNGUIDED
    return f"{row.measure} (primary)" if is_primary else row.measure


def _yes_or_no(value: bool | None) -> t.Cell:
    return t.EMPTY if value is None else t.words("yes" if value else "no")


def specificity(metrics: Metrics) -> list[t.Table]:
    """Return how often the element is gone when it is named, when another is, and without guidance."""
    columns: list[Column[Specificity]] = [
        t.method_column(),
        Column("It is named", lambda row: t.rate(row.named)),
        Column("Another is named", lambda row: t.rate(row.wrong)),
        Column("No guidance", lambda row: t.rate(row.unguided)),
        Column("Named less wrong", lambda row: t.difference(row.gain)),
        Column("Wrong less none", lambda row: t.difference(row.spill)),
        Column("Pictures", lambda row: t.count(row.pictures)),
        Column("Pairs", lambda row: t.count(row.pairs)),
    ]
    rows = metrics.specificity
    caption = f"How often the element is gone, by {metrics.source_names[rows[0].source]}." if rows else ""
    return t.tabulate("specificity", caption, metrics.note, columns, rows)


def oracle_check(metrics: Metrics) -> list[t.Table]:
    """Return how often the oracle misread pictures that were looked at by eye."""
    columns: list[Column[OracleError]] = [
        t.method_column(),
        Column("Pictures", lambda row: t.count(row.pictures)),
        Column("Misread", lambda row: t.rate(row.error)),
        Column("Unclear to the eye", lambda row: t.count(row.unclear)),
    ]
    caption = "The oracle against a reading by eye, with the method unseen; unclear pictures are not counted."
    return t.tabulate("oracle-check", caption, metrics.note, columns, metrics.oracle_check)


def pairs(metrics: Metrics) -> list[t.Table]:
    """Return each method's success pair by pair, by the finding's source."""
    rows = metrics.pairs
    if not rows:
        return []
    methods = dict.fromkeys(method for row in rows for method in row.methods)
    columns: list[Column[PairRow]] = [
        Column("Pair", lambda row: t.words(row.pair)),
        Column("Object", lambda row: t.words(row.object)),
        Column("Element", lambda row: t.words(row.element)),
        Column("Category", lambda row: t.words(row.category)),
        Column("Relation", lambda row: t.words(row.relation)),
        *(Column(METHOD_NAMES[method], _success_of(method)) for method in methods),
        Column("Pictures", lambda row: t.count(sum(m.pictures for m in row.methods.values()))),
    ]
    caption = f"Success pair by pair, by {metrics.source_names[rows[0].source]}."
    return t.tabulate("pairs", caption, metrics.note, columns, rows)


def _success_of(method: str) -> Callable[[PairRow], t.Cell]:
    return lambda row: t.share(row.methods[method].success) if method in row.methods else t.EMPTY


def settings_tried(history: Sequence[Trial], note: str) -> list[t.Table]:
    """Return every setting that was tried on the dev pairs, the best of each method marked."""
    best: dict[str, Trial] = {}
    for trial in history:
        if trial.method not in best or trial.success > best[trial.method].success:
            best[trial.method] = trial
    columns: list[Column[Trial]] = [
        t.method_column(),
        Column("Trial", lambda trial: t.count(trial.number + 1)),
        Column("Setting", lambda trial: t.words(t.setting(trial.params), wraps=True)),
        Column("Success", lambda trial: t.share(trial.success)),
        Column("Kept", lambda trial: t.share(trial.kept)),
        Column("Removed", lambda trial: t.share(trial.removed)),
        Column("Collateral", lambda trial: t.share(trial.collateral)),
        Column("Best so far", lambda trial: t.share(trial.best)),
        Column("Pictures", lambda trial: t.count(trial.pictures)),
        Column("Evaluations", lambda trial: t.count(trial.evaluations)),
    ]
    caption = (
        "Settings tried on the dev pairs, in the order of the search; the best of each method is marked."
    )
    return t.tabulate(
        "settings-tried", caption, note, columns, history, lambda trial: trial is best[trial.method]
    )


def _best(metrics: Metrics) -> Callable[[t.OfMethod], bool]:
    """Return whether a row is of the method that the finding names, where its difference is clear."""
    finding = metrics.finding
    if finding is None or not is_clear(finding.comparison.difference):
        return lambda _: False
    return lambda row: row.method == finding.best.method
