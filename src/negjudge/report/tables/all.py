"""All tables of a run, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from negjudge.evaluation.metrics_file import Metrics
from negjudge.report.tables import contest as contest_tables
from negjudge.report.tables import judges as judge_tables
from negjudge.report.tables import methods as method_tables
from negjudge.report.tables import sources as source_tables
from negjudge.report.tables.table import Table
from negjudge.tuning.trials import Trial

# Each makes the tables of one kind from metrics.json; none where the run lacks what they need.
BUILDERS: tuple[Callable[[Metrics], list[Table]], ...] = (
    method_tables.success_by_source,
    method_tables.methods_by_source,
    method_tables.oracle_check,
    method_tables.differences,
    method_tables.specificity,
    contest_tables.matched,
    contest_tables.gaps,
    contest_tables.frontier,
    contest_tables.best_of,
    contest_tables.cost,
    source_tables.rankings,
    source_tables.bias,
    source_tables.agreement,
    source_tables.few_labels,
    method_tables.pairs,
    judge_tables.polarities,
    judge_tables.judges,
    judge_tables.gains,
    judge_tables.agreement,
)


def run_tables(metrics: Metrics, history: Sequence[Trial] = ()) -> dict[str, Table]:
    """Return every table of metrics.json and of the settings tried, by name."""
    made = [make(metrics) for make in BUILDERS]
    made.append(method_tables.settings_tried(history, metrics.note))
    return {table.name: table for tables in made for table in tables}
