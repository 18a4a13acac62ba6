"""The report page: what goes into which section, and the one self-contained file that comes out."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from negjudge.data.durable import write_atomically
from negjudge.data.records import Sample, read_records
from negjudge.data.runs import CONTROL, HISTORY, REPORT, TUNE
from negjudge.data.splits import MINIMUM_PAIRS
from negjudge.evaluation.evidence.evidence import Evidence, read_run
from negjudge.evaluation.metrics_file import Metrics, read_metrics
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.summary import caveats, finding_sentence, polarity_lines, unanswered_lines
from negjudge.evaluation.wording import STRATUM_NAMES
from negjudge.guidance.methods import METHOD_NAMES
from negjudge.recipes import read_yaml
from negjudge.report.figures.all import FIGURES, losses, run_figures
from negjudge.report.figures.drawing import FOLDER as FIGURE_FILES
from negjudge.report.figures.drawing import Drawing, write_figures
from negjudge.report.hero import FILE as HERO
from negjudge.report.hero import RULE, Hero, telling
from negjudge.report.pairs.sheets import FOLDER as SHEETS
from negjudge.report.pairs.sheets import PairSheet, stem_of, write_pair_sheets
from negjudge.report.pairs.views import Extremes, PairView, extremes, marks_of, views
from negjudge.report.pictures import GridRow, attention, drawn, grid
from negjudge.report.repeat import repeat
from negjudge.report.tables.all import run_tables
from negjudge.report.tables.files import FOLDER as TABLES
from negjudge.report.tables.files import write_tables
from negjudge.report.tables.judges import judge_groups
from negjudge.report.tables.table import Table, p_value
from negjudge.report.tuned_judge import tuned_judge
from negjudge.training.recipe import CURVES
from negjudge.tuning.trials import Trial

ROWS, CONTROL_ROWS, MOST_CELLS = 12, 6, 80
LIMIT = 3_900_000  # bytes of index.html; pairs whose section does not fit in are in tables/pairs.csv alone
PLACE = "<!-- pairs -->"


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor, its name in the navigation, and the template that it is made by."""

    id: str
    title: str

    @property
    def template(self) -> str:
        """The template's file name."""
        return f"section_{self.id}.html"


SECTIONS = (
    Section("pictures", "Pictures"),
    Section("methods", "Methods"),
    Section("contest", "Contest"),
    Section("specific", "Is it specific?"),
    Section("sources", "Who looks"),
    Section("judge", "Judge"),
    Section("people", "Annotators"),
    Section("pairs", "Pair by pair"),
    Section("about", "What this is"),
    Section("repeat", "Repeat it"),
)


@dataclass(frozen=True)
class Report:
    """A page, and what lies beside it: tables, figures, the sheets of its pairs, the picture of a few."""

    text: str
    tables: Mapping[str, Table]
    figures: Sequence[Drawing]
    sheets: Sequence[PairSheet]
    hero: Hero


@dataclass(frozen=True)
class Pictures:
    """The grids: what tells most, pairs by lot, the best method's ends, the wrong element named."""

    hero: Sequence[GridRow]
    first: Sequence[GridRow]
    worst: Sequence[GridRow]
    best: Sequence[GridRow]
    control: Sequence[GridRow]


def write_report(recipe: EvalRecipe, run: Path) -> Path:
    """Write ``report/index.html`` from metrics.json and the pictures of a run, and return its path.

    Beside it lie its tables in ``tables/``, as CSV and LaTeX, its figures in ``figures/``, as SVG and PDF,
    and a sheet of all pictures of each pair in ``pairs/``. Raises NegjudgeError where the run has not been
    evaluated, or a picture is broken.
    """
    page = run / REPORT / "index.html"
    report = compose(recipe, run, read_metrics(run))
    write_tables(page.parent / TABLES, report.tables.values())
    write_figures(page.parent / FIGURE_FILES, report.figures)
    write_pair_sheets(run, page.parent / SHEETS, report.sheets)
    report.hero.write(run, page.parent / HERO)
    write_atomically(page, report.text)
    return page


def render(recipe: EvalRecipe, run: Path, metrics: Metrics) -> str:
    """Return the page. A section whose input is missing says so in one line instead."""
    return compose(recipe, run, metrics).text


def compose(recipe: EvalRecipe, run: Path, metrics: Metrics) -> Report:
    """Return the page with what lies beside it."""
    evidence = read_run(recipe.pairs, recipe.splits, run)
    history, samples = _history(recipe, evidence), evidence.tested
    best = metrics.finding.best.method if metrics.finding else ""
    shown = views(metrics.pairs, samples, best)
    judge = tuned_judge(recipe, run, metrics.provenance.judges)
    training = losses(judge.folder / CURVES) if judge.folder else []
    tables, figures = run_tables(metrics, history), run_figures(metrics, history, training)
    templates = environment()
    script = _source(templates, "script.js")
    ends, hero = extremes(metrics.pairs, best), _hero(samples, metrics)
    page = templates.get_template("report.html").render(
        title=recipe.title,
        about=recipe.about,
        sections=[s for s in SECTIONS if s.id != "contest" or metrics.contest],
        script=Markup(script),
        script_hash=_policy_hash(script),
        finding=finding_sentence(metrics.finding),
        caveats=caveats(metrics.finding, metrics.comparisons),
        polarity=polarity_lines(metrics.polarities),
        unanswered=unanswered_lines(metrics),
        metrics=metrics,
        hero_rule=RULE,
        pictures=_pictures(evidence, metrics, ends, hero),
        attention=attention(run),
        tables=tables,
        sources=metrics.source_names,
        judges=list(judge_groups(metrics)),
        asked={row.judge for row in metrics.judges},
        blind=any(row.judge.endswith(" picture") for row in metrics.judges),
        training_absent=judge.absent,
        figures={n: Markup(figures[n].element()) if n in figures else "" for n in FIGURES},
        run=recipe.run,
        minimum_pairs=MINIMUM_PAIRS,
        tried=_tried(history),
        searched=evidence.frozen is not None or _searched(recipe),
        pairs=shown,
        groups=list(dict.fromkeys(view.group for view in shown)),
        extremes=ends,
        success=_said(shown),
        place=Markup(PLACE),
        repeat=repeat(recipe, run, metrics, judge.folder),
    )
    text, fitting = _fill(page, shown, templates)
    return Report(text, tables, list(figures.values()), [view.sheet for view in fitting], hero)


def _fill(page: str, shown: Sequence[PairView], templates: jinja2.Environment) -> tuple[str, list[PairView]]:
    """Put as many pairs' sections into the page as fit; which ones do where not all do, the lot decides."""
    make = templates.get_template("macros.html").module.pair  # type: ignore[attr-defined]
    by_id = {view.row.pair: view for view in shown}
    room, sections = LIMIT - len(page.encode()) - 200, {}
    for pair in drawn(by_id):
        section = str(make(by_id[pair]))
        room -= len(section.encode()) + 1
        if room < 0:
            break
        sections[pair] = section
    fitting = [view for view in shown if view.row.pair in sections]
    missing = len(shown) - len(fitting)
    said = f"<p>{len(fitting)} of {len(shown)} pairs, drawn by lot: the page has no room for more.</p>\n"
    found = "\n".join(sections[view.row.pair] for view in fitting)
    return page.replace(PLACE, f'{said if missing else ""}<div id="pair-list">\n{found}</div>'), fitting


def environment() -> jinja2.Environment:
    """Return the templates with their filters; everything printed is escaped, a missing name is an error."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("negjudge.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters |= {"p": p_value, "code": code, "stem": stem_of}
    found.globals |= {"methods": METHOD_NAMES, "strata": STRATUM_NAMES}
    return found


def code(text: str) -> Markup:
    """Return text with what stands between backticks marked as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in enumerate(parts)
    )


def _hero(samples: Sequence[Sample], metrics: Metrics) -> Hero:
    marks = marks_of(metrics.pairs)
    source = metrics.source_names[metrics.pairs[0].source] if metrics.pairs else ""
    return Hero(samples, marks, telling(samples, marks), source)


def _pictures(evidence: Evidence, metrics: Metrics, ends: Extremes | None, hero: Hero) -> Pictures:
    run, samples, wrong = evidence.run, evidence.tested, evidence.control
    marks = marks_of(metrics.pairs)
    # With many methods there are fewer rows: the page stays as small.
    rows = max(3, min(ROWS, MOST_CELLS // max(1, len({sample.method for sample in samples}))))
    return Pictures(
        hero=grid(run, samples, marks, hero.pairs),
        first=grid(run, samples, marks, drawn(s.pair for s in samples)[:rows]),
        worst=grid(run, samples, marks, ends.worst if ends else []),
        best=grid(run, samples, marks, ends.best if ends else []),
        control=grid(
            run / CONTROL,
            wrong,
            {key: mark for row in metrics.specificity for key, mark in row.marks.items()},
            drawn(s.pair for s in wrong)[: min(CONTROL_ROWS, rows)],
        ),
    )


def _said(shown: Sequence[PairView]) -> dict[str, str]:
    """Return what a row of pictures says of its pair's success: "50 % of 4"."""
    return {
        view.row.pair: f"{100 * view.success:.0f} % of {view.row.methods[view.best].pictures}"
        for view in shown
        if view.success is not None
    }


def _source(templates: jinja2.Environment, name: str) -> str:
    """Return a template's text as it is."""
    if templates.loader is None:
        raise TypeError("the templates have no loader")
    return templates.loader.get_source(templates, name)[0].strip()


def _policy_hash(script: str) -> str:
    """Return a script's hash as a Content-Security-Policy names it, so that no other script runs."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _history(recipe: EvalRecipe, evidence: Evidence) -> list[Trial]:
    """Return the settings tried: a contest's own, else those of the recipe's file."""
    if evidence.frozen:
        return read_records(evidence.run / TUNE / HISTORY, Trial)
    return read_records(recipe.history, Trial) if recipe.history else []


def _tried(history: Sequence[Trial]) -> str:
    """Return how many settings were tried, once where it is the same for all: "24 a method"."""
    counts = Counter(METHOD_NAMES[trial.method] for trial in history)
    if len(set(counts.values())) == 1:
        return f"{next(iter(counts.values()))} a method"
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _searched(recipe: EvalRecipe) -> bool:
    """Tell whether the settings file records the search that found its settings."""
    path = Path(recipe.settings) if recipe.settings else None
    return path is not None and path.is_file() and bool(read_yaml(path).get("search"))
