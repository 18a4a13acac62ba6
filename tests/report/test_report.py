"""The report: one file that fetches nothing, shows what metrics.json says, and names what is missing."""

from __future__ import annotations

import base64
import csv
import dataclasses
import hashlib
import io
import json
import platform
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from negjudge.errors import NegjudgeError
from negjudge.evaluation.judges.answers import REFITTED, TEXT_ONLY
from negjudge.evaluation.methods.table import Comparison, MethodRow
from negjudge.evaluation.metrics_file import Finding, read_metrics
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import finding_sentence, summary
from negjudge.evaluation.wording import percent, points
from negjudge.report.page import code, render, write_report
from negjudge.report.pictures import SIDE, thumbnail
from negjudge.report.repeat import _without_names, repeat
from negjudge.report.tables.all import run_tables
from negjudge.statistics.clusters import Difference, Interval

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Collects what a page holds, and checks that its elements close in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def whole(synthetic: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, str]:
    run = synthetic.make_run(tmp_path_factory.mktemp("whole"))
    history = run / "tuning.jsonl"
    trials = [
        {
            "method": m,
            "number": n,
            "params": {"scale": 0.5 * n},
            "pictures": 48,
            "evaluations": 384,
            "success": 0.1 * n,
            "kept": 0.9,
            "removed": 0.1 * n,
            "collateral": 0.1,
            "best": 0.1 * n,
            "context": "0" * 16,
        }
        for m in ("vsf", "nag")
        for n in range(5)
    ]
    history.write_text("".join(json.dumps(trial) + "\n" for trial in trials))
    check = run / "check.json"
    check.write_text(json.dumps({method: {"pictures": 60, "wrong": 1} for method in ("none", "vsf")}))
    recipe = synthetic.recipe_for(
        run, history=str(history), oracle_check=str(check), about=["What <this> & that is not."]
    )
    evaluate(recipe, run)
    return run, recipe, write_report(recipe, run).read_text()


def test_the_page_is_well_formed_and_its_ids_are_its_own(whole: tuple[Path, Any, str]) -> None:
    ids = [value for _, name, value in Page(whole[2]).attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value for tag, name, value in Page(whole[2]).attributes if (tag, name) == ("a", "href")}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert all((whole[0] / "report" / link).is_file() for link in links if not link.startswith("#"))


def test_the_page_fetches_nothing_from_elsewhere(whole: tuple[Path, Any, str]) -> None:
    page = Page(whole[2])
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in ("src", "href", "xlink:href", "srcset", "data"):
            beside = {"a": ("tables/",), "img": ("pairs/",)}.get(tag, ())
            assert value.startswith(("data:", "#", *beside)), (tag, value[:80])
    assert "@import" not in whole[2]
    assert not re.findall(r"url\((?!#)", whole[2])


def test_the_policy_allows_the_script_of_the_page_and_no_other(whole: tuple[Path, Any, str]) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", whole[2], flags=re.DOTALL)
    found = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [v for _, name, v in Page(whole[2]).attributes if name == "content" and "default-src" in v]
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{found}'" in policy


def test_the_finding_comes_first_with_its_interval(whole: tuple[Path, Any, str]) -> None:
    finding = read_metrics(whole[0]).finding
    sentence = finding_sentence(finding)
    assert finding is not None
    assert sentence is not None
    text = Page(whole[2]).text
    assert sentence in text
    assert text.index(sentence) < text.index("The same object and seed")
    assert percent(finding.best.success) in sentence


def test_figures_of_the_tables_are_those_of_metrics(whole: tuple[Path, Any, str]) -> None:
    metrics = json.loads((whole[0] / "metrics.json").read_text())
    text = Page(whole[2]).text
    for row in metrics["methods"]["oracle"]:
        shown = row["success"]
        assert f"{100 * shown['estimate']:.0f} % {100 * shown['low']:.0f}–{100 * shown['high']:.0f}" in text
    for row in metrics["specificity"]:
        assert f"{points(row['gain']['low'])} to {points(row['gain']['high'])}" in text


def test_every_section_is_there_and_nothing_is_said_to_be_missing(whole: tuple[Path, Any, str]) -> None:
    page = Page(whole[2])
    assert {"pictures", "methods", "specific", "judge", "people", "pairs", "about", "repeat"} <= {
        value for tag, name, value in page.attributes if (tag, name) == ("section", "id")
    }
    labels = {value for tag, name, value in page.attributes if (tag, name) == ("svg", "aria-label")}
    assert len(labels) == 6
    absent = re.findall(r'<p class="absent">(.*?)</p>', whole[2])
    assert absent == []
    assert "Settings tried: 5 a method." in page.text
    assert "Withstands the oracle’s error" in page.text


@pytest.mark.parametrize("search", ["", "search: {trials: 24}\n"])
def test_settings_are_called_searched_only_where_a_search_is_recorded(
    whole: tuple[Path, Any, str], tmp_path: Path, search: str
) -> None:
    run, recipe, _ = whole
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"vsf: {{scale: 1.5}}\n{search}")
    page = render(dataclasses.replace(recipe, settings=str(settings)), run, read_metrics(run))
    assert ("were chosen on the dev pairs" in page) == bool(search)
    assert ("No search is recorded" in page) != bool(search)


def test_the_note_stands_at_every_table(whole: tuple[Path, Any, str]) -> None:
    captions = re.findall(r"<caption>(.*?)</caption>", whole[2], flags=re.DOTALL)
    assert len(captions) == whole[2].count('<table class="data"')
    assert all("nothing here was measured" in caption for caption in captions)


def test_what_people_write_is_escaped(whole: tuple[Path, Any, str]) -> None:
    assert "What &lt;this&gt; &amp; that is not." in whole[2]
    assert code("run `a<b` now") == "run <code>a&lt;b</code> now"


def test_simulated_votes_are_called_so(whole: tuple[Path, Any, str]) -> None:
    assert "Source: simulated." in Page(whole[2]).text


@pytest.mark.parametrize("sources", [["simulated"], ["people"]])
def test_simulated_labels_are_called_so_wherever_they_are_counted(
    whole: tuple[Path, Any, str], sources: list[str]
) -> None:
    metrics = read_metrics(whole[0])
    provenance = dataclasses.replace(metrics.provenance, sources=tuple(sources))
    found = run_tables(dataclasses.replace(metrics, provenance=provenance))
    said = {name: f"{table.caption} {table.heads}" for name, table in found.items()}
    for name in ("success", "methods-labels", "judges-labels-element", "judges-labels-success-full"):
        assert ("simulated annotators' labels" in said[name]) == (sources == ["simulated"])
        assert "annotators' labels" in said[name]
    assert "labels" not in said["methods-oracle"]


def test_success_by_source_says_on_how_many_pictures_each_rests(whole: tuple[Path, Any, str]) -> None:
    metrics = read_metrics(whole[0])
    count = metrics.methods["oracle"][0].pictures
    first, *others = metrics.methods["labels"]
    fewer = (dataclasses.replace(first, pictures=first.pictures - 5), *others)
    changed = dataclasses.replace(metrics, methods={**metrics.methods, "labels": fewer})
    (foot,) = run_tables(changed)["success"].foot
    assert [cell.text for cell in foot.cells[:3]] == ["pictures a method", f"{count}", f"{count - 5}–{count}"]


def test_few_labels_have_the_interval_about_these_pictures_too(whole: tuple[Path, Any, str]) -> None:
    (first, *_) = csv.DictReader((whole[0] / "report/tables/few-labels.csv").read_text().splitlines())
    few = read_metrics(whole[0]).few_labels
    assert few is not None
    rates = few.rows[0].rates
    assert float(first["both_low"]) == rates.powered.low
    assert float(first["both_these_pictures_low"]) == rates.of_pictures.low


def test_judges_that_the_run_lacks_are_not_explained(whole: tuple[Path, Any, str]) -> None:
    run, recipe, text = whole
    metrics = read_metrics(run)
    fitted = (REFITTED, TEXT_ONLY)
    rows = [row for row in metrics.judges if row.judge not in fitted and not row.judge.endswith(" picture")]
    metrics = dataclasses.replace(metrics, judges=tuple(rows))
    told, less = (Page(one).text for one in (text, render(recipe, run, metrics)))
    for words in ("also shown refitted", "“Text only” is", "Blank and shuffled pictures"):
        assert words in told
        assert words not in less


def test_the_page_says_what_the_judges_intervals_and_floors_leave_out(whole: tuple[Path, Any, str]) -> None:
    text = Page(whole[2]).text
    assert "for this one training of it" in text
    assert "takes questions as independent, and pictures of one pair are not" in text


def test_the_training_shown_is_that_of_the_judge_that_was_measured(synthetic: Any, tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path)
    other = (run / "judge").rename(tmp_path / "elsewhere")
    recipe = synthetic.recipe_for(run, tuned=str(other))
    metrics = evaluate(recipe, run)
    page = render(recipe, run, metrics)
    assert 'aria-label="training and validation loss by step"' in page
    assert "The judge’s training, as it was" in page
    (other / "curves.jsonl").rename(tmp_path / "curves.jsonl")
    assert f"Training curve: there is no {other}/curves.jsonl." in Page(render(recipe, run, metrics)).text
    (tmp_path / "curves.jsonl").rename(other / "curves.jsonl")
    (other / "judge.json").write_text((other / "judge.json").read_text() + "\n")
    page = render(recipe, run, metrics)
    assert f"{other} holds another judge by now than the one that was measured." in page
    assert "training and validation loss by step" not in page
    assert "The judge’s training, as it was" not in page


def test_the_grid_shows_the_pictures_of_the_run(whole: tuple[Path, Any, str]) -> None:
    run, _, text = whole
    uris = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert len(uris) == (12 + 4 + 4) * 3 + 6 * 2
    shown = Image.open(io.BytesIO(base64.b64decode(uris[0])))
    assert not getattr(shown, "text", {})
    pixels = {Image.open(path).convert("RGB").tobytes() for path in (run / "images").iterdir()}
    assert shown.convert("RGB").tobytes() in pixels


def test_the_same_run_gives_the_same_page(whole: tuple[Path, Any, str]) -> None:
    run, recipe, text = whole
    assert write_report(recipe, run).read_text() == text


def test_what_a_run_lacks_is_said_in_one_line_each(synthetic: Any, tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    recipe = synthetic.recipe_for(run, reader=None)
    metrics = evaluate(recipe, run)
    page = render(recipe, run, metrics)
    absent = re.findall(r'<p class="absent">(.*?)</p>', page)
    assert [line.split(":")[0] for line in absent] == [
        "Methods",
        "Wrong-negative control",
        "Sources",
        "The base judge is left out",
        "The tuned judge is left out",
        "Few labels",
        "Judge",
        "Agreement",
        "Pairs",
    ]
    assert "no guided and unguided pictures of test pairs to compare" in page
    assert "<svg" not in page
    assert next(iter(summary(metrics))).startswith("no guided")


def test_without_an_evaluation_there_is_no_report(synthetic: Any, tmp_path: Path) -> None:
    with pytest.raises(NegjudgeError, match="run `make eval` first"):
        write_report(synthetic.recipe_for(tmp_path), tmp_path)
    (tmp_path / "metrics.json").write_text('{"format": 0}')
    with pytest.raises(NegjudgeError, match="another version"):
        write_report(synthetic.recipe_for(tmp_path), tmp_path)


def test_a_finding_that_the_pictures_do_not_bear_says_so() -> None:
    half = Interval(0.5, 0.2, 0.8)
    best, unguided = (
        MethodRow(m, {}, 8, 4, half, half, half, None, None, undecided=0.0, evaluations=None)
        for m in ("vsf", "none")
    )
    gap = Difference(0.1, -0.2, 0.4, p=0.4, more=3, less=2, adjusted=0.4)
    comparison = Comparison("success", "vsf", "none", 8, 4, gap)
    sentence = finding_sentence(Finding("oracle", best, unguided, comparison))
    assert sentence is not None
    assert sentence.endswith("+10 points (−20 to +40), a difference that these pictures do not establish.")


def test_large_pictures_are_made_smaller_and_broken_ones_named(tmp_path: Path) -> None:
    Image.new("RGB", (1024, 512), "red").save(tmp_path / "large.png")
    kind, data = thumbnail(tmp_path / "large.png").split(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (SIDE, SIDE // 2)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(NegjudgeError, match=r"broken\.png is no picture"):
        thumbnail(tmp_path / "broken.png")


def test_what_it_takes_to_repeat_is_on_the_page(whole: tuple[Path, Any, str]) -> None:
    run, recipe, text = whole
    page = Page(text).text
    assert "make eval report PROFILE=run" in page
    assert f"pairs: {recipe.pairs}" in text
    for path in (run / "samples.jsonl", Path(recipe.pairs), Path(recipe.splits)):
        assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}" in text
    assert f"Python {platform.python_version()}" in page


def test_a_benchmark_in_a_folder_is_told_file_by_file(whole: tuple[Path, Any, str]) -> None:
    run, recipe, _ = whole
    recipe = dataclasses.replace(recipe, pairs="data/neggenbench")
    told = repeat(recipe, run, read_metrics(run), None).hashes
    for path in (Path("data/neggenbench/dev.jsonl"), Path("data/neggenbench/test.jsonl")):
        assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}" in told


def test_the_names_of_people_who_labelled_are_not_on_the_page() -> None:
    recipe = "source: people\nannotators: [ada, grace]\nport: 8090\n"
    told = _without_names(recipe)
    assert "ada" not in told
    assert "annotators: 2 people" in told
    assert _without_names("# As it is\nsource: simulated\n") == "# As it is\nsource: simulated\n"


def test_the_oracles_check_says_what_was_unclear_and_the_ranking_what_withstands_it(
    whole: tuple[Path, Any, str],
) -> None:
    run, _, text = whole
    metrics = read_metrics(run)
    # Two of the methods were checked.
    checked = [p.withstands for p in metrics.ranking.separated if p.withstands is not None]
    assert len(checked) == 1
    assert f"{sum(checked)} of {len(checked)} withstand the oracle’s own error at its worst" in text
    assert "Unclear to the eye" in text
