"""The tables of the methods: their figures by each source, their differences, the settings tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from negjudge.evaluation.evidence.scored import PRIMARY
from negjudge.evaluation.wording import is_clear, source_names
from negjudge.guidance.methods import METHOD_NAMES, UNGUIDED
from negjudge.report.tables.table import (
    EMPTY,
    Cell,
    Column,
    Record,
    Table,
    at,
    count,
    difference,
    method_column,
    number,
    p_cell,
    rate,
    setting,
    share,
    tabulate,
    words,
)

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


def success_by_source(metrics: Record) -> list[Table]:
    """Return each method's success by each source that looked; nothing where there is but one."""
    found = metrics["methods"]
    if len(found) < 2:
        return []
    methods = dict.fromkeys(row["method"] for table in found.values() for row in table)
    success = {(source, row["method"]): row["success"] for source, table in found.items() for row in table}
    records = [{"method": m, **{s: success.get((s, m)) for s in found}} for m in methods]
    names = source_names(metrics)
    columns = [method_column(), *(Column(names[source], at(rate, source)) for source in found)]
    foot = [words("pictures a method"), *(words(_pictures_of(table)) for table in found.values())]
    return tabulate(
        "success",
        "Success by who looks.",
        metrics["note"],
        columns,
        records,
        lead=_best(metrics),
        foot=[foot],
    )


def _pictures_of(table: Sequence[Record]) -> str:
    """Return on how many pictures a method's figures rest: "144", or "63–76" where methods have unlike."""
    counts = [row["pictures"] for row in table]
    return "–".join(map(str, dict.fromkeys((min(counts), max(counts)))))


def methods_by_source(metrics: Record) -> list[Table]:
    """Return a table of all measures for each source."""
    errors = {check["method"]: check["error"] for check in metrics["oracle_check"]}
    found = []
    leading = metrics["finding"]["source"] if metrics["finding"] else "oracle"
    for source, table in metrics["methods"].items():
        columns = [
            method_column(),
            *(Column(m.capitalize(), at(rate, m)) for m in ("success", "kept", "removed", "collateral")),
            Column(QUALITY_HEADS.get(source, "Expected rating"), at(number, "quality")),
            Column("Undecided", at(share, "undecided")),
            Column("Pictures", at(count, "pictures")),
            Column("Pairs", at(count, "pairs")),
        ]
        if source == leading:
            columns += [
                Column("Evaluations", at(count, "evaluations")),
                Column("Setting", lambda row: words(setting(row["params"]), wraps=True)),
            ]
        if source == "oracle":
            columns.append(Column("Oracle’s error", lambda row: rate(errors.get(row["method"]))))
        caption = f"All measures by {source_names(metrics)[source]}."
        found += tabulate(f"methods-{source}", caption, metrics["note"], columns, table, lead=_best(metrics))
    return found


def differences(metrics: Record) -> list[Table]:
    """Return for each source the paired differences in success, and those in the other measures."""
    found = []
    for source, rows in metrics["comparisons"].items():
        by = source_names(metrics)[source]
        primary = [row for row in rows if row["measure"] == PRIMARY]
        others = [row for row in rows if row["measure"] != PRIMARY]
        found += _differences(f"differences-{source}", by, primary, metrics["note"])
        found += _differences(f"differences-{source}-others", by, others, metrics["note"])
    return found


def _differences(name: str, by: str, rows: Sequence[Record], note: str) -> list[Table]:
    columns = [
        Column(
            "Methods",
            lambda row: words(
                f"{METHOD_NAMES[row['first']]} less {METHOD_NAMES[row['second']]}"
                + ("" if row["paired_by"] == "pair and seed" else " †")
            ),
        ),
        Column("Measure", _measure),
        Column("Difference", at(difference, "difference")),
        Column("p, corrected", lambda row: p_cell(row["difference"]["adjusted"])),
        Column("More", lambda row: count(row["difference"]["more"])),
        Column("Fewer", lambda row: count(row["difference"]["less"])),
        Column("Pictures", at(count, "pictures")),
        Column("Withstands the oracle’s error", lambda row: _yes_or_no(row["withstands"])),
    ]
    caption = f"Differences by {by}, {PAIRED}"
    if any(row["withstands"] is not None for row in rows):
        caption += f" {WITHSTANDS}"
    if any(row["paired_by"] != "pair and seed" for row in rows):
        caption += f" {BY_PAIR}"
    return tabulate(name, caption, note, columns, rows)


def specificity(metrics: Record) -> list[Table]:
    """Return how often the element is gone when it is named, when another is, and without guidance."""
    columns = [
        method_column(),
        Column("It is named", at(rate, "named")),
        Column("Another is named", at(rate, "wrong")),
        Column("No guidance", at(rate, "unguided")),
        Column("Named less wrong", at(difference, "gain")),
        Column("Wrong less none", at(difference, "spill")),
        Column("Pictures", at(count, "pictures")),
        Column("Pairs", at(count, "pairs")),
    ]
    rows = metrics["specificity"]
    caption = f"How often the element is gone, by {source_names(metrics)[rows[0]['source']]}." if rows else ""
    return tabulate("specificity", caption, metrics["note"], columns, rows)


def oracle_check(metrics: Record) -> list[Table]:
    """Return how often the oracle misread pictures that were looked at by eye."""
    columns = [
        method_column(),
        Column("Pictures", at(count, "pictures")),
        Column("Misread", at(rate, "error")),
        Column("Unclear to the eye", at(count, "unclear")),
    ]
    caption = "The oracle against a reading by eye, with the method unseen; unclear pictures are not counted."
    return tabulate("oracle-check", caption, metrics["note"], columns, metrics["oracle_check"])


def pairs(metrics: Record) -> list[Table]:
    """Return each method's success pair by pair, by the finding's source."""
    rows = metrics["pairs"]
    if not rows:
        return []
    methods = dict.fromkeys(method for row in rows for method in row["methods"])
    columns = [
        *(Column(head.capitalize(), at(words, head)) for head in ("pair", "object", "element")),
        *(Column(head.capitalize(), at(words, head)) for head in ("category", "relation")),
        *(Column(METHOD_NAMES[method], _success_of(method)) for method in methods),
        Column("Pictures", lambda row: count(sum(m["pictures"] for m in row["methods"].values()))),
    ]
    caption = f"Success pair by pair, by {source_names(metrics)[rows[0]['source']]}."
    return tabulate("pairs", caption, metrics["note"], columns, rows)


def settings_tried(history: Sequence[Record], note: str) -> list[Table]:
    """Return every setting that was tried on the dev pairs, the best of each method marked."""
    best: dict[str, Record] = {}
    for trial in history:
        if trial["success"] > best.get(trial["method"], {"success": -1})["success"]:
            best[trial["method"]] = trial
    columns = [
        method_column(),
        Column("Trial", lambda trial: count(trial["number"] + 1)),
        Column("Setting", lambda trial: words(setting(trial.get("params", {})), wraps=True)),
        *(Column(m.capitalize(), at(share, m)) for m in ("success", "kept", "removed", "collateral")),
        Column("Best so far", at(share, "best")),
        Column("Pictures", at(count, "pictures")),
        Column("Evaluations", at(count, "evaluations")),
    ]
    caption = (
        "Settings tried on the dev pairs, in the order of the search; the best of each method is marked."
    )
    return tabulate("settings-tried", caption, note, columns, history, lambda t: t is best[t["method"]])


def _success_of(method: str) -> Callable[[Record], Cell]:
    return lambda row: share(row["methods"].get(method, {}).get("success"))


def _best(metrics: Record) -> Callable[[Record], bool]:
    """Return whether a row is of the method that the finding names, where its difference is clear."""
    finding: Mapping[str, Any] | None = metrics["finding"]
    if finding is None or not is_clear(finding["comparison"]["difference"]):
        return lambda _: False
    best = finding["best"]["method"]
    return lambda row: bool(row["method"] == best)


def _measure(row: Record) -> Cell:
    is_primary = row["measure"] == PRIMARY and row["second"] == UNGUIDED
    return words(f"{row['measure']} (primary)" if is_primary else row["measure"])


def _yes_or_no(value: bool | None) -> Cell:
    return EMPTY if value is None else words("yes" if value else "no")
