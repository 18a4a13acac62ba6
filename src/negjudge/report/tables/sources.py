"""The tables of who looks: how sources agree, rank and are biased, and what few labels give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from negjudge.evaluation.wording import source_names
from negjudge.guidance.methods import METHOD_NAMES
from negjudge.report.tables.table import (
    EMPTY,
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


def rankings(metrics: Record) -> list[Table]:
    """Return each source's order of the methods, and how much of the reference's it repeats."""
    found = metrics["ranking"]
    if not found or not found["reference"]:
        return []
    names = source_names(metrics)
    columns = [
        _source(names),
        Column("From best to worst", lambda row: words(" > ".join(map(_name, row["ranking"])), wraps=True)),
        Column("Same way", at(count, "same")),
        Column("Of", at(count, "told")),
        Column("Turned round", lambda row: words(_pairs(row["reversed"]), wraps=True)),
        Column("Pictures", at(count, "pictures")),
    ]
    caption = (
        f"The methods in the order of each source. Of {found['compared']} pairs of methods, "
        f"{len(found['separated'])} are told apart by {names[found['reference']]} (interval clear of "
        "0, corrected p below 0.05); over these alone, how many a source orders the same way."
    )
    checked = [pair["withstands"] for pair in found["separated"] if pair["withstands"] is not None]
    if checked:
        caption += f" {sum(checked)} of {len(checked)} withstand the oracle’s own error at its worst."
    return tabulate("rankings", caption, metrics["note"], columns, found["sources"])


def agreement(metrics: Record) -> list[Table]:
    """Return how often every two sources say the same of a picture's success."""
    found, names = metrics["ranking"], source_names(metrics)
    columns = [
        Column("Sources", lambda row: words(f"{names[row['first']]} and {names[row['second']]}")),
        Column("Equal", at(rate, "equal")),
        Column("Cohen’s κ", at(number, "kappa")),
        Column("Pictures", at(count, "pictures")),
        Column("Pairs", at(count, "pairs")),
    ]
    caption = "How often two sources say the same of a picture’s success, and how far beyond chance."
    return tabulate("sources-agree", caption, metrics["note"], columns, found["agreement"] if found else [])


def bias(metrics: Record) -> list[Table]:
    """Return each source's success less the reference's by method, and where that differs most."""
    found = metrics["ranking"]
    if not found or not found["bias"]:
        return []
    methods = dict.fromkeys(row["method"] for row in found["bias"])
    spreads = {row["source"]: row for row in found["spread"]}
    records = [
        {
            "source": source,
            **{row["method"]: row["difference"] for row in found["bias"] if row["source"] == source},
            "spread": spreads.get(source),
        }
        for source in dict.fromkeys(row["source"] for row in found["bias"])
    ]
    names = source_names(metrics)
    columns = [
        _source(names),
        *(Column(METHOD_NAMES[method], at(difference, method)) for method in methods),
        Column("Most less least", at(lambda row: difference(row["difference"]), "spread")),
        Column(
            "p", at(lambda row: p_cell(row["difference"]["adjusted"] or row["difference"]["p"]), "spread")
        ),
    ]
    caption = (
        f"Success by each source less that by {names[found['reference']]} on the same pictures, in "
        "points. A source that is wrong alike for every method leaves their order as it is."
    )
    return tabulate("bias", caption, metrics["note"], columns, records)


def few_labels(metrics: Record) -> list[Table]:
    """Return success from few labels: by people alone, by the judge alone, by both."""
    found = metrics["few_labels"]
    if not found or found["refused"]:
        return []
    names = source_names(metrics)
    columns = [
        Column("Method", lambda row: words(METHOD_NAMES[row["method"]])),
        Column("Labels", lambda row: count(row["rates"]["labels"])),
        Column("Pictures", lambda row: count(row["rates"]["pictures"])),
        Column("Labels alone", lambda row: rate(row["rates"]["people"])),
        Column("Judge alone, biased", lambda row: rate(row["rates"]["judge"])),
        Column("Both", lambda row: rate(row["rates"]["powered"])),
        Column("Both, these pictures", lambda row: rate(row["rates"]["of_pictures"])),
        Column("All labels", lambda row: rate(row["truth"]) if row["truth"] else EMPTY),
        Column("Worth", lambda row: decimal(row["rates"]["worth"], 0)),
        Column("Labels saved", lambda row: share(row["rates"]["saved"])),
    ]
    caption = (
        f"Success from few labels ({found['drawn']}): prediction-powered, the predictions of "
        f"{names[found['judge']]} corrected by {names['labels']} of other pairs. Intervals are about such "
        "pairs; that of “both, these pictures” is where the rate would lie if all these were labelled. "
        "Worth: how many labels alone would give as narrow an interval about these pictures."
    )
    return tabulate("few-labels", caption, metrics["note"], columns, found["rows"])


def _source(names: Mapping[str, str]) -> Column:
    return Column("Source", lambda row: words(names[row["source"]]))


def _name(method: str) -> str:
    return METHOD_NAMES[method]


def _pairs(reversed_: Sequence[Sequence[str]]) -> str:
    return "; ".join(" and ".join(map(_name, pair)) for pair in reversed_)
