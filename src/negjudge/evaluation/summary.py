"""The figures of an evaluation in a few lines for the terminal, and the finding as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from negjudge.evaluation.evidence.candidates import BASE, TUNED
from negjudge.evaluation.evidence.scored import MEASURES, PRIMARY
from negjudge.evaluation.judges.answers import AFFIRMATIVE, BASE_JUDGE, REFITTED, TUNED_JUDGE
from negjudge.evaluation.judges.controls import GUESSER, TEXT_ONLY
from negjudge.evaluation.judges.polarity import Polarity
from negjudge.evaluation.judges.quality import ALL, JudgeRow
from negjudge.evaluation.labels.few import FewLabels
from negjudge.evaluation.methods.bias import Spread
from negjudge.evaluation.methods.ranking import Ranking, SourceRanking
from negjudge.evaluation.methods.table import Comparison, rate_in
from negjudge.evaluation.metrics_file import Finding, Metrics
from negjudge.evaluation.wording import (
    SOURCE_NAMES,
    STRATUM_NAMES,
    aligned,
    interval,
    is_clear,
    listed,
    percent,
    whole_percent,
)
from negjudge.guidance.methods import METHOD_NAMES, UNGUIDED
from negjudge.judge.endpoint.ledger import Cost

MUCH_UNDECIDED = 0.1
SIMULATED_PAIRS = 16  # the fewest test pairs whose intervals docs/statistics.md simulates


def finding_sentence(finding: Finding | None) -> str | None:
    """Return the one sentence that the report opens with, or ``None`` without methods to compare."""
    if finding is None:
        return None
    gap = finding.comparison.difference
    said = (
        f"{METHOD_NAMES[finding.best.method]} removed the named element and kept the object in "
        f"{percent(finding.best.success)} of pictures, against {percent(finding.unguided.success)} without "
        f"guidance: {percent(gap, signed=True)}"
    )
    return f"{said}." if is_clear(gap) else f"{said}, a difference that these pictures do not establish."


def caveats(finding: Finding | None, comparisons: Mapping[str, Sequence[Comparison]]) -> list[str]:
    """Return what a reader of the finding must know besides: few pairs, undecided pictures, oracle errors.

    ``comparisons`` are those of each source.
    """
    if finding is None:
        return []
    found, best = [], finding.best
    if best.pairs < SIMULATED_PAIRS:
        found.append(
            f"{best.pairs} test pairs are few: what the intervals cover was simulated with "
            f"{SIMULATED_PAIRS} and more."
        )
    if best.undecided > MUCH_UNDECIDED:
        who, failed = SOURCE_NAMES[finding.source], finding.source in ("oracle", "labels")
        counts = "which counts as failed" if failed else "and its probability counts"
        found.append(f"On {whole_percent(best.undecided)} % of them {who} did not decide, {counts}.")
    equals = _not_told_apart(finding, comparisons[finding.source])
    if equals:
        found.append(f"{listed(equals)} {'is' if len(equals) == 1 else 'are'} not told apart from it.")
    if finding.comparison.withstands is False:
        found.append(
            "The oracle's own error could explain the difference if all its errors favoured one side."
        )
    return found


def _not_told_apart(finding: Finding, comparisons: Iterable[Comparison]) -> list[str]:
    """Return the guided methods whose success the finding's source does not tell from the best one's.

    Those compared over fewer pairs, as other generators' often are, are not among them.
    """
    best, found = finding.best.method, []
    for row in comparisons:
        both = (row.first, row.second)
        others = [name for name in both if name not in (best, UNGUIDED)]
        if row.pairs < finding.comparison.pairs or row.measure != PRIMARY or best not in both or not others:
            continue
        if row.difference.adjusted is None or row.difference.adjusted >= 0.05:
            found.append(METHOD_NAMES[others[0]])
    return found


def polarity_lines(rows: Iterable[Polarity]) -> list[str]:
    """Return what tuning does to the negated question, in short sentences; none without both judges."""
    told = {(row.truth, row.judge): row for row in rows if (row.topic, row.stratum) == ("element", ALL)}
    for truth in ("oracle", "labels"):
        base, tuned = told.get((truth, BASE)), told.get((truth, TUNED))
        if base and tuned:
            return [
                f"Asked if a part is missing, the base judge is right {percent(base.negated)} of the time.",
                "Guessing gives 50 %.",
                f"The tuned judge is right {percent(tuned.negated)} of the time.",
                f"The base contradicts itself on {percent(base.contradicts)} of the pictures.",
                f"The tuned judge does so on {percent(tuned.contradicts)}.",
            ]
    return []


def unanswered_lines(metrics: Metrics) -> list[str]:
    """Return a line for each judge that was asked in vain about some pictures."""
    return [
        f"{SOURCE_NAMES[role]} gave no answer on "
        + ", ".join(f"{count} pictures of {METHOD_NAMES[method]}" for method, count in found.items())
        + ": these are left out of its tables"
        for role, found in metrics.unanswered.items()
    ]


def summary(metrics: Metrics) -> Iterator[str]:
    """Yield the lines that the eval stage prints."""
    finding = metrics.finding
    yield finding_sentence(finding) or "no guided and unguided pictures of test pairs to compare"
    if finding:
        best, source = finding.best, SOURCE_NAMES[finding.source]
        yield f"({best.pictures} pictures of {best.pairs} test pairs each, by {source}; 95 % intervals)"
    yield from (f"({line})" for line in caveats(finding, metrics.comparisons))
    for source, rows in metrics.methods.items():
        yield f"\nmethods by {SOURCE_NAMES[source]}"
        yield from aligned(
            [["", "success", "kept", "removed", "collateral"]]
            + [[METHOD_NAMES[row.method], *(percent(rate_in(row, m)) for m in MEASURES)] for row in rows]
        )
    for truth in ("oracle", "labels"):
        judged = [row for row in metrics.judges if (row.topic, row.truth) == ("element", truth)]
        both_ways = [
            row
            for row in metrics.polarities
            if (row.topic, row.truth, row.stratum) == ("element", truth, ALL)
        ]
        if both_ways:
            yield f"\nelements asked both ways, against {SOURCE_NAMES[truth]}"
            yield from aligned(
                [["", "does it show it?", "does it lack it?", "contradicts itself"]]
                + [
                    [row.judge, percent(row.affirmative), percent(row.negated), percent(row.contradicts)]
                    for row in both_ways
                ]
            )
        if judged:
            yield f"\njudges on elements against {SOURCE_NAMES[truth]}: balanced accuracy"
            yield from aligned(_judges(judged, metrics.provenance.judges, _accuracy))
            yield f"\njudges on elements against {SOURCE_NAMES[truth]}: AUROC within pair"
            yield from aligned(_judges(judged, metrics.provenance.judges, _order_within))
    yield from _ranking(metrics.ranking)
    yield from _few_labels(metrics.few_labels)
    if metrics.costs or metrics.left_out or metrics.unanswered:
        yield ""
    for cost in metrics.costs:
        yield _cost(cost)
    for judge, reason in metrics.left_out.items():
        yield f"left out, {SOURCE_NAMES[judge]}: {reason}"
    yield from unanswered_lines(metrics)
    yield f"\n{metrics.note}"


def _cost(cost: Cost) -> str:
    money = "" if cost.cost is None else f", cost {cost.cost:.4g} in all"
    return (
        f"{SOURCE_NAMES[cost.judge]} ({cost.model}): {cost.requests} requests, "
        f"{cost.input_tokens} tokens in, {cost.output_tokens} out{money}"
    )


def _ranking(found: Ranking | None) -> Iterator[str]:
    """Yield how the sources agree on success, and how they order the methods against the reference."""
    if found is None:
        return
    yield "\nagreement on success: equal, Cohen's kappa"
    yield from aligned(
        [
            [f"{SOURCE_NAMES[a.first]} and {SOURCE_NAMES[a.second]}", percent(a.equal), interval(a.kappa)]
            for a in found.agreement
        ]
    )
    if found.reference is None:
        return
    reference, pairs = SOURCE_NAMES[found.reference], len(found.separated)
    yield f"\nmethods from best to worst; {pairs} of {found.compared} pairs are separated by {reference}"
    yield from aligned([_order(row) for row in found.sources])
    yield f"\nsuccess less that by {reference} on the same pictures; below, where this differs most"
    spread = {row.source: row for row in found.spread}
    for source in dict.fromkeys(row.source for row in found.bias):
        biases = [row for row in found.bias if row.source == source]
        said = [f"{METHOD_NAMES[b.method]} {percent(b.difference, signed=True)}" for b in biases]
        yield f"  {SOURCE_NAMES[source]}: {'; '.join(said)}"
        if source in spread:
            yield f"    {_gap(spread[source])}"


def _order(row: SourceRanking) -> list[str]:
    order = ", ".join(METHOD_NAMES[method] for method in row.ranking)
    same = "" if row.same is None else f"{row.same} of {row.told} pairs the same way"
    return [SOURCE_NAMES[row.source], order, same]


def _gap(spread: Spread) -> str:
    clear = "" if is_clear(spread.difference) else ", which these pictures do not establish"
    both = f"{METHOD_NAMES[spread.most]} over {METHOD_NAMES[spread.least]}"
    return f"{both}: {percent(spread.difference, signed=True)}{clear}"


def _few_labels(few: FewLabels | None) -> Iterator[str]:
    if few is None:
        return
    if few.refused:
        yield f"\nno rates from few labels: {few.refused}"
        return
    yield f"\nsuccess from few labels ({few.drawn})"
    table = [["", "labels", "people", "judge, biased", "both", "labels spared", "all labels"]]
    for row in few.rows:
        by = row.rates
        cells = [percent(rate) for rate in (by.people, by.judge, by.powered)]
        spared = f"{by.worth - by.labels:.0f} ({100 * by.saved:.0f} %)".replace("-", "−")
        table.append([METHOD_NAMES[row.method], str(by.labels), *cells, spared, percent(row.truth)])
    yield from aligned(table)


def _judges(
    rows: Sequence[JudgeRow], further: Iterable[str], cell: Callable[[JudgeRow | None], str]
) -> list[list[str]]:
    strata = list(dict.fromkeys(row.stratum for row in rows))
    cells = {(row.judge, row.stratum): row for row in rows}
    table = [["", *(STRATUM_NAMES[stratum] for stratum in strata)]]
    for judge in dict.fromkeys(
        (TEXT_ONLY, GUESSER, BASE_JUDGE, AFFIRMATIVE, REFITTED, TUNED_JUDGE, *further)
    ):
        found = [cells.get((judge, stratum)) for stratum in strata]
        if any(found):
            table.append([judge, *(cell(row) for row in found)])
    return table


def _accuracy(row: JudgeRow | None) -> str:
    if row is None:
        return "–"
    if row.quality is None:
        return f"too few ({row.pairs} pairs)"
    return percent(row.quality.balanced_accuracy)


def _order_within(row: JudgeRow | None) -> str:
    return "–" if row is None or row.quality is None else interval(row.quality.within_pair)
