"""The whole evaluation of a run, from its files to metrics.json."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from negjudge.data.durable import write_atomically
from negjudge.data.runs import METRICS, locked
from negjudge.evaluation.evidence.evidence import Evidence, gather
from negjudge.evaluation.evidence.scored import PRIMARY, unanswered
from negjudge.evaluation.evidence.sources import by_source, by_trust
from negjudge.evaluation.judges.quality import judge_tables
from negjudge.evaluation.judges.questions import true_answer
from negjudge.evaluation.labels.few import few_labels
from negjudge.evaluation.methods.pairs import by_pair
from negjudge.evaluation.methods.ranking import ranking
from negjudge.evaluation.methods.specificity import specificity
from negjudge.evaluation.methods.table import Comparison, MethodRow, carry_over, comparisons, methods_table
from negjudge.evaluation.metrics_file import FORMAT, files_measured
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.tradeoffs.tables import contest_tables
from negjudge.guidance.methods import UNGUIDED
from negjudge.labeling.agreement import agreement
from negjudge.oracle.check import read_oracle_check

PACKAGES = ("diffusers", "numpy", "peft", "scipy", "torch", "transformers", "trl")


def evaluate(recipe: EvalRecipe, run: Path) -> dict[str, Any]:
    """Measure a run, write its metrics.json, and return what was written.

    Readings and verdicts that the run folder holds already are not made again. What a run lacks (labels, a
    judge, an oracle) leaves the parts that need it empty.
    """
    with locked(run, "eval"):
        metrics = _plain(measure(gather(recipe, run), recipe))
        write_atomically(run / METRICS, json.dumps(metrics, indent=1, allow_nan=False) + "\n")
    return metrics


def measure(evidence: Evidence, recipe: EvalRecipe) -> dict[str, Any]:
    """Return all figures of a run, by section; a section without input is empty."""
    errors = read_oracle_check(recipe.oracle_check)
    scored = by_source(evidence)
    methods = {s: methods_table(found, recipe.draws, evidence.evaluations) for s, found in scored.items()}
    compared = {source: comparisons(found, recipe.draws) for source, found in scored.items()}
    if "oracle" in compared:
        compared["oracle"] = carry_over(compared["oracle"], errors)
    judges = judge_tables(evidence, recipe.draws)
    found = finding(methods, compared)
    by = found["source"] if found else None
    return {
        "format": FORMAT,
        "note": recipe.note,
        "finding": found,
        "methods": methods,
        "unanswered": {
            role: dict(found) for role in evidence.judges if (found := unanswered(evidence, role))
        },
        "comparisons": compared,
        "contest": contest_tables(evidence, scored, recipe.draws),
        "ranking": ranking(scored, compared, recipe.draws),
        "few_labels": few_labels(evidence, recipe.draws, recipe.label_budget),
        "pairs": by_pair(scored.get(by or "", []), by or "", evidence.pairs),
        "specificity": specificity(evidence, scored, recipe.draws),
        "judges": judges.rows,
        "gains": judges.gains,
        "reliability": judges.reliability,
        "agreement": agreement(evidence.votes),
        "labels": _labels(evidence),
        "oracle_check": errors,
        "left_out": evidence.left_out,
        "costs": evidence.costs,
        "provenance": _provenance(evidence, recipe),
    }


def finding(
    methods: Mapping[str, Sequence[MethodRow]], compared: Mapping[str, Sequence[Comparison]]
) -> dict[str, Any] | None:
    """Return what the page's first sentence says: the best method's success against none's, by one source.

    The source is the oracle where there is one, else people's labels, else the tuned judge, else a further
    one, else the base. The best method is the one with the highest success; that it was picked among several
    is why its p-value is corrected. It is one of those that share pairs and seeds with none, on the most
    pairs: what another generator does is in the tables, and says nothing of guidance.
    """
    source = next(iter(by_trust(methods)), None)
    rows = {row.method: row for row in methods.get(source or "", ())}
    against = {
        c.first: c
        for c in compared.get(source or "", ())
        if (c.measure, c.second) == (PRIMARY, UNGUIDED) and c.paired_by != "pair"
    }
    widest = max((c.pairs for c in against.values()), default=0)
    guided = [rows[name] for name, c in against.items() if c.pairs == widest]
    if not guided:
        return None
    best = max(guided, key=lambda row: row.success.estimate)
    unguided, comparison = rows[UNGUIDED], against[best.method]
    return {"source": source, "best": best, "unguided": unguided, "comparison": comparison}


def _labels(evidence: Evidence) -> list[dict[str, Any]]:
    """Return how often the labels say what the oracle says; a rate, no interval: the pictures are related."""
    found = []
    for topic in ("object", "element"):
        both = [
            (true_answer(evidence, sample, topic, "labels"), true_answer(evidence, sample, topic, "oracle"))
            for sample in evidence.samples
        ]
        known = [label == truth for label, truth in both if label is not None and truth is not None]
        if known:
            found.append({"question": topic, "pictures": len(known), "agree": sum(known) / len(known)})
    return found


def _provenance(evidence: Evidence, recipe: EvalRecipe) -> dict[str, Any]:
    models = sorted({(s.model, s.revision, s.steps, s.device, s.dtype) for s in evidence.samples})
    keys = ("model", "revision", "steps", "device", "dtype")
    return {
        "models": [dict(zip(keys, model, strict=True)) for model in models],
        "samples": len(evidence.samples),
        "control": len(evidence.control),
        "external": len(evidence.external),
        "votes": len(evidence.votes),
        "sources": sorted({vote.source for vote in evidence.votes}),
        "reader": recipe.reader,
        "base": recipe.base,
        "judges": evidence.judges,
        "pairs": recipe.pairs,
        "splits": recipe.splits,
        "draws": recipe.draws,
        "files": files_measured(evidence.run),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": {name: found for name in ("negjudge", *PACKAGES) if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _plain(value: Any) -> Any:
    """Return dataclasses as dicts, tuples as lists, and what is not a number as ``None``: JSON has no nan."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
