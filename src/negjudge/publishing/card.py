"""The model card: what goes into it, from metrics.json and the judge's own settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from negjudge.data.durable import write_atomically
from negjudge.data.runs import CARD, JUDGE
from negjudge.errors import NegjudgeError
from negjudge.evaluation.judges.answers import AFFIRMATIVE, BASE_JUDGE, REFITTED, TUNED_JUDGE
from negjudge.evaluation.judges.controls import GUESSER, TEXT_ONLY
from negjudge.evaluation.judges.quality import ALL, JudgeRow, Quality
from negjudge.evaluation.judges.questions import Topic, Truth
from negjudge.evaluation.metrics_file import Metrics, read_metrics
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.summary import polarity_lines
from negjudge.evaluation.wording import SOURCE_NAMES, STRATUM_NAMES, interval, percent
from negjudge.judge.settings import JudgeSettings, read_judge_settings

FOLDER = Path("model_cards")
README = "README.md"
JUDGES = (TEXT_ONLY, GUESSER, BASE_JUDGE, AFFIRMATIVE, REFITTED, TUNED_JUDGE)
TOPICS: Mapping[Topic, str] = {
    "element": "Is the element there?",
    "object": "Is the object there?",
    "success": "Is it a success?",
}
TASK = "visual-question-answering"


def write_card(recipe: EvalRecipe, run: Path, cards: Path = FOLDER) -> list[Path]:
    """Write the card of a run's judge, and return where: the run folder, the judge's own, and ``cards``.

    Raises NegjudgeError where the run has no judge or has not been evaluated.
    """
    if not (run / JUDGE).is_dir():
        raise NegjudgeError(f"{run} has no judge to describe; run `make train` first")
    text = card(recipe, run, read_metrics(run))
    paths = [run / CARD, run / JUDGE / README, cards / f"{run.name}.md"]
    for path in paths:
        write_atomically(path, text)
    return paths


def card(recipe: EvalRecipe, run: Path, metrics: Metrics) -> str:
    """Return the card as Markdown with the metadata that the Hub reads."""
    settings = read_judge_settings(run / JUDGE)
    rows = metrics.judges
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("negjudge.publishing"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    body = environment.get_template("card.md").render(
        title=f"A negjudge judge: {run.name}",
        note=metrics.note,
        about=recipe.about,
        licence=recipe.card.licence,
        base=recipe.card.base_model or (settings.base.id if settings.base else "not recorded"),
        base_on_hub=recipe.card.base_model is not None,
        training=_training(settings),
        calibration=settings.calibration,
        said=polarity_lines(metrics.polarities),
        polarities=[row for row in metrics.polarities if (row.topic, row.stratum) == ("element", ALL)],
        tables=_tables(rows),
        probabilities=_probabilities(rows),
        agreement=metrics.agreement,
        provenance=metrics.provenance,
        percent=percent,
        interval=interval,
        sources=SOURCE_NAMES,
    )
    return str(ModelCard(f"---\n{_data(recipe, run, rows).to_yaml()}\n---\n\n{body}\n"))


def _data(recipe: EvalRecipe, run: Path, rows: Sequence[JudgeRow]) -> ModelCardData:
    results = _results(recipe, rows)
    return ModelCardData(
        language=recipe.card.languages,
        license=recipe.card.licence,
        base_model=recipe.card.base_model,
        library_name="peft" if recipe.card.base_model else "transformers",
        pipeline_tag=TASK,
        tags=["negjudge", "negative-prompt", "image-evaluation", "judge"],
        model_name=f"negjudge-{run.name}" if results else None,
        eval_results=results or None,
    )


def _results(recipe: EvalRecipe, rows: Sequence[JudgeRow]) -> list[EvalResult]:
    """Return the tuned judge's balanced accuracy on elements by stratum, for the Hub's metadata."""
    found = []
    for row in rows:
        if (row.judge, row.topic) != (TUNED_JUDGE, "element") or row.quality is None:
            continue
        accuracy = row.quality.balanced_accuracy
        if not math.isnan(accuracy.estimate):
            source = SOURCE_NAMES[row.truth]
            found.append(
                EvalResult(
                    task_type=TASK,
                    dataset_type="negjudge",
                    dataset_name=f"{recipe.title}: {STRATUM_NAMES[row.stratum]}, against {source}",
                    dataset_config=row.truth,
                    dataset_split=row.stratum.replace(" ", "_"),
                    metric_type="balanced_accuracy",
                    metric_name=f"balanced accuracy, {row.pairs} pairs, 95 % interval {percent(accuracy)}",
                    metric_value=accuracy.estimate,
                )
            )
    return found


# Said where it is not the rule that everybody takes for granted.
_ASKED = {
    "every": "element and further parts",
    "untested": "element and further parts that no test asks about",
}
_VISIBLE = {"masked": "never asked about, but visible in some pictures"}


def _training(settings: JudgeSettings) -> dict[str, object]:
    """Return what the judge's folder records of its training, flat, in words."""
    record = dict(settings.training)
    recipe = record.pop("recipe", {})
    lora = recipe.get("lora", {})
    values = {
        "LoRA rank": lora.get("rank"),
        "LoRA alpha": lora.get("alpha"),
        "trained parameters": record.get("lora_parameters"),
        "pictures": record.get("pictures"),
        "validation pictures": record.get("validation_pictures"),
        "pictures left out, since they show what is held out": record.get("left_out_pictures"),
        "asked about": _ASKED.get(str(record.get("asked"))),
        "held-out elements": _VISIBLE.get(str(record.get("visible"))),
        "questions": record.get("questions"),
        "steps": record.get("steps"),
        "epochs": recipe.get("epochs"),
        "batch size": recipe.get("batch_size"),
        "learning rate": recipe.get("learning_rate"),
        "seed": recipe.get("seed"),
        "validation loss": record.get("validation_loss"),
    }
    return {name: value for name, value in values.items() if value is not None}


_MEASURES: Mapping[str, Callable[[Quality], str]] = {
    "AUROC within pair": lambda quality: interval(quality.within_pair),
    "Balanced accuracy": lambda quality: percent(quality.balanced_accuracy),
}


@dataclass(frozen=True)
class CardTable:
    """One measure on one question by one truth: a row a judge, a column a stratum."""

    question: str
    measure: str
    truth: Truth
    head: tuple[str, ...]
    body: Mapping[str, tuple[str, ...]]
    counts: tuple[str, ...]


def _tables(rows: Sequence[JudgeRow]) -> list[CardTable]:
    """Return tables of order and balanced accuracy: each topic by the oracle, then elements by labels."""
    wanted: list[tuple[Truth, Topic]] = [("oracle", topic) for topic in TOPICS]
    wanted.append(("labels", "element"))
    if not any(row.truth == "oracle" for row in rows):
        wanted = [("labels", topic) for topic in TOPICS]
    found = []
    for truth, topic in wanted:
        mine = [row for row in rows if (row.truth, row.topic) == (truth, topic) and row.judge in JUDGES]
        if mine:
            found += [_table(mine, TOPICS[topic], truth, measure) for measure in _MEASURES]
    return found


def _table(rows: Sequence[JudgeRow], question: str, truth: Truth, measure: str) -> CardTable:
    strata = list(dict.fromkeys(row.stratum for row in rows))
    judges = list(dict.fromkeys(row.judge for row in rows))
    cells = {(row.judge, row.stratum): row for row in rows}
    asked = {row.stratum: f"{row.questions} ({row.pairs})" for row in reversed(rows)}
    return CardTable(
        question=question,
        measure=measure,
        truth=truth,
        head=tuple(STRATUM_NAMES[stratum] for stratum in strata),
        body={
            judge: tuple(_cell(cells.get((judge, stratum)), measure) for stratum in strata)
            for judge in judges
        },
        counts=tuple(asked[stratum] for stratum in strata),
    )


def _cell(row: JudgeRow | None, measure: str) -> str:
    if row is None:
        return "–"
    return "too few pairs" if row.quality is None else _MEASURES[measure](row.quality)


def _probabilities(rows: Sequence[JudgeRow]) -> list[JudgeRow]:
    """Return the tuned judge's rows over all four strata, which say how far its probabilities hold."""
    return [row for row in rows if (row.judge, row.stratum) == (TUNED_JUDGE, ALL) and row.quality is not None]
