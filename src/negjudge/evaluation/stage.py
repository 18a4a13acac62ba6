"""The whole evaluation of a run, from its files to metrics.json."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from negjudge.data.runs import locked
from negjudge.evaluation.evidence.evidence import Evidence, gather
from negjudge.evaluation.evidence.scored import PRIMARY, unanswered
from negjudge.evaluation.evidence.sources import by_source, by_trust
from negjudge.evaluation.judges.quality import judge_tables
from negjudge.evaluation.judges.questions import Topic, true_answer
from negjudge.evaluation.labels.few import few_labels
from negjudge.evaluation.methods.pairs import by_pair
from negjudge.evaluation.methods.ranking import ranking
from negjudge.evaluation.methods.specificity import specificity
from negjudge.evaluation.methods.table import Comparison, MethodRow, carry_over, comparisons, methods_table
from negjudge.evaluation.metrics_file import (
    Finding,
    Generator,
    LabelCheck,
    Metrics,
    Provenance,
    files_measured,
    read_metrics,
    write_metrics,
)
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.tradeoffs.tables import contest_tables
from negjudge.guidance.methods import UNGUIDED
from negjudge.labeling.agreement import agreement
from negjudge.oracle.check import read_oracle_check
from negjudge.version import installed

PACKAGES = ("diffusers", "numpy", "peft", "scipy", "torch", "transformers", "trl")


def evaluate(recipe: EvalRecipe, run: Path) -> Metrics:
    """Measure a run, write its metrics.json, and return what was written.

    Readings and verdicts that the run folder holds already are not made again. What a run lacks (labels, a
    judge, an oracle) leaves the parts that need it empty.
    """
    with locked(run, "eval"):
        write_metrics(run, measure(gather(recipe, run), recipe))
        return read_metrics(run)


def measure(evidence: Evidence, recipe: EvalRecipe) -> Metrics:
    """Return all figures of a run, none of them rounded."""
    errors = read_oracle_check(recipe.oracle_check)
    scored = by_source(evidence)
    methods = {s: methods_table(found, recipe.draws, evidence.evaluations) for s, found in scored.items()}
    compared = {source: comparisons(found, recipe.draws) for source, found in scored.items()}
    if "oracle" in compared:
        compared["oracle"] = carry_over(compared["oracle"], errors)
    judges = judge_tables(evidence, recipe.draws)
    found = finding(methods, compared)
    by = found.source if found else ""
    return Metrics(
        note=recipe.note,
        finding=found,
        methods={source: tuple(rows) for source, rows in methods.items()},
        unanswered={role: told for role in evidence.judges if (told := unanswered(evidence, role))},
        comparisons={source: tuple(rows) for source, rows in compared.items()},
        contest=contest_tables(evidence, scored, recipe.draws),
        ranking=ranking(scored, compared, recipe.draws),
        few_labels=few_labels(evidence, recipe.draws, recipe.label_budget),
        pairs=tuple(by_pair(scored.get(by, []), by, evidence.pairs)),
        specificity=tuple(specificity(evidence, scored, recipe.draws)),
        judges=judges.rows,
        gains=judges.gains,
        polarities=judges.polarities,
        reliability=judges.reliability,
        agreement=tuple(agreement(evidence.votes)),
        labels=tuple(_labels(evidence)),
        oracle_check=tuple(errors),
        left_out=evidence.left_out,
        costs=tuple(evidence.costs),
        provenance=_provenance(evidence, recipe),
    )


def finding(
    methods: Mapping[str, Sequence[MethodRow]], compared: Mapping[str, Sequence[Comparison]]
) -> Finding | None:
    """Return the finding; ``None`` where no guided method can be compared with none.

    The source is the oracle where there is one, else people's labels, else the tuned judge, else a further
    one, else the base. The best method is the one with the highest success; that it was picked among several
    is why its p-value is corrected. It is one of those that share pairs and seeds with none, on the most
    pairs: what another generator does is in the tables, and says nothing of guidance.
    """
    source = next(iter(by_trust(methods)), "")
    rows = {row.method: row for row in methods.get(source, ())}
    against = {
        c.first: c
        for c in compared.get(source, ())
        if (c.measure, c.second) == (PRIMARY, UNGUIDED) and c.paired_by != "pair"
    }
    widest = max((c.pairs for c in against.values()), default=0)
    guided = [rows[name] for name, c in against.items() if c.pairs == widest]
    if not guided:
        return None
    best = max(guided, key=lambda row: row.success.estimate)
    return Finding(source, best, rows[UNGUIDED], against[best.method])


def _labels(evidence: Evidence) -> list[LabelCheck]:
    found = []
    topics: tuple[Topic, ...] = ("object", "element")
    for topic in topics:
        both = [
            (true_answer(evidence, sample, topic, "labels"), true_answer(evidence, sample, topic, "oracle"))
            for sample in evidence.samples
        ]
        known = [label == truth for label, truth in both if label is not None and truth is not None]
        if known:
            found.append(LabelCheck(topic, len(known), sum(known) / len(known)))
    return found


def _provenance(evidence: Evidence, recipe: EvalRecipe) -> Provenance:
    models = sorted({(s.model, s.revision, s.steps, s.device, s.dtype) for s in evidence.samples})
    versions = {name: installed(name) for name in ("negjudge", *PACKAGES)}
    return Provenance(
        models=tuple(Generator(*model) for model in models),
        samples=len(evidence.samples),
        control=len(evidence.control),
        external=len(evidence.external),
        votes=len(evidence.votes),
        sources=tuple(sorted({vote.source for vote in evidence.votes})),
        reader=recipe.reader,
        base=recipe.base,
        judges=evidence.judges,
        pairs=recipe.pairs,
        splits=recipe.splits,
        draws=recipe.draws,
        files=files_measured(evidence.run),
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}",
        packages={name: version for name, version in versions.items() if version},
    )
