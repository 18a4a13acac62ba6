"""The tables of who looks: how sources agree, rank and are biased, and what few labels give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from negjudge.evaluation.labels.few import FewRow
from negjudge.evaluation.methods.bias import Spread
from negjudge.evaluation.methods.ranking import Agreement, SourceRanking
from negjudge.evaluation.metrics_file import Metrics
from negjudge.guidance.methods import METHOD_NAMES
from negjudge.report.tables import table as t
from negjudge.report.tables.table import Column
from negjudge.statistics.clusters import Difference


def rankings(metrics: Metrics) -> list[t.Table]:
    """Return each source's order of the methods, and how much of the reference's it repeats."""
    found, names = metrics.ranking, metrics.source_names
    if found is None or found.reference is None:
        return []
    columns: list[Column[SourceRanking]] = [
        Column("Source", lambda row: t.words(names[row.source])),
        Column("From best to worst", lambda row: t.words(" > ".join(map(_name, row.ranking)), wraps=True)),
        Column("Same way", lambda row: t.count(row.same)),
        Column("Of", lambda row: t.count(row.told)),
        Column("Turned round", lambda row: t.words(_pairs(row.reversed), wraps=True)),
        Column("Pictures", lambda row: t.count(row.pictures)),
    ]
    caption = (
        f"The methods in the order of each source. Of {found.compared} pairs of methods, "
        f"{len(found.separated)} are told apart by {names[found.reference]} (interval clear of "
        "0, corrected p below 0.05); over these alone, how many a source orders the same way."
    )
    checked = [pair.withstands for pair in found.separated if pair.withstands is not None]
    if checked:
        caption += f" {sum(checked)} of {len(checked)} withstand the oracle’s own error at its worst."
    return t.tabulate("rankings", caption, metrics.note, columns, found.sources)


def _name(method: str) -> str:
    return METHOD_NAMES[method]


def _pairs(reversed_: Sequence[tuple[str, str]]) -> str:
    return "; ".join(" and ".join(map(_name, pair)) for pair in reversed_)


def agreement(metrics: Metrics) -> list[t.Table]:
    """Return how often every two sources say the same of a picture's success."""
    found, names = metrics.ranking, metrics.source_names
    columns: list[Column[Agreement]] = [
        Column("Sources", lambda row: t.words(f"{names[row.first]} and {names[row.second]}")),
        Column("Equal", lambda row: t.rate(row.equal)),
        Column("Cohen’s κ", lambda row: t.number(row.kappa)),
        Column("Pictures", lambda row: t.count(row.pictures)),
        Column("Pairs", lambda row: t.count(row.pairs)),
    ]
    caption = "How often two sources say the same of a picture’s success, and how far beyond chance."
    return t.tabulate("sources-agree", caption, metrics.note, columns, found.agreement if found else ())


@dataclass(frozen=True)
class _Biased:
    """A source's bias by method, and where it differs most."""

    source: str
    by_method: Mapping[str, Difference]
    spread: Spread | None


def bias(metrics: Metrics) -> list[t.Table]:
    """Return each source's success less the reference's by method, and where that differs most."""
    found, names = metrics.ranking, metrics.source_names
    if found is None or found.reference is None or not found.bias:
        return []
    biases: dict[str, dict[str, Difference]] = {}
    for row in found.bias:
        biases.setdefault(row.source, {})[row.method] = row.difference
    spreads = {row.source: row for row in found.spread}
    columns: list[Column[_Biased]] = [
        Column("Source", lambda row: t.words(names[row.source])),
        *(Column(METHOD_NAMES[m], _bias_of(m)) for m in dict.fromkeys(row.method for row in found.bias)),
        Column("Most less least", lambda row: t.difference(row.spread.difference if row.spread else None)),
        Column("p", lambda row: t.p_cell(_p(row.spread))),
    ]
    caption = (
        f"Success by each source less that by {names[found.reference]} on the same pictures, in "
        "points. A source that is wrong alike for every method leaves their order as it is."
    )
    records = [_Biased(source, by, spreads.get(source)) for source, by in biases.items()]
    return t.tabulate("bias", caption, metrics.note, columns, records)


def _bias_of(method: str) -> Callable[[_Biased], t.Cell]:
    return lambda row: t.difference(row.by_method.get(method))


def _p(spread: Spread | None) -> float | None:
    return None if spread is None else spread.difference.adjusted or spread.difference.p


def few_labels(metrics: Metrics) -> list[t.Table]:
    """Return success from few labels: by people alone, by the judge alone, by both."""
    found, names = metrics.few_labels, metrics.source_names
    if found is None or found.refused or found.judge is None:
        return []
    columns: list[Column[FewRow]] = [
        t.method_column(),
        Column("Labels", lambda row: t.count(row.rates.labels)),
        Column("Pictures", lambda row: t.count(row.rates.pictures)),
        Column("Labels alone", lambda row: t.rate(row.rates.people)),
        Column("Judge alone, biased", lambda row: t.rate(row.rates.judge)),
        Column("Both", lambda row: t.rate(row.rates.powered)),
        Column("Both, these pictures", lambda row: t.rate(row.rates.of_pictures)),
        Column("All labels", lambda row: t.rate(row.truth)),
        Column("Worth", lambda row: t.decimal(row.rates.worth, 0)),
        Column("Labels saved", lambda row: t.share(row.rates.saved)),
    ]
    caption = (
        f"Success from few labels ({found.drawn}): prediction-powered, the predictions of "
        f"{names[found.judge]} corrected by {names['labels']} of other pairs. Intervals are about such "
        "pairs; that of “both, these pictures” is where the rate would lie if all these were labelled. "
        "Worth: how many labels alone would give as narrow an interval about these pictures."
    )
    return t.tabulate("few-labels", caption, metrics.note, columns, found.rows)
