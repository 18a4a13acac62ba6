"""The report: one file that fetches nothing, shows what metrics.json says, and names what is missing."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import synthetic
from markup import Page
from PIL import Image

from negjudge.errors import NegjudgeError
from negjudge.evaluation.judges.answers import REFITTED, TEXT_ONLY
from negjudge.evaluation.metrics_file import read_metrics
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import finding_sentence, summary
from negjudge.evaluation.wording import percent, points
from negjudge.report.page import code, render, write_report


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


def test_what_a_run_lacks_is_said_in_one_line_each(tmp_path: Path) -> None:
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


def test_without_an_evaluation_there_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(NegjudgeError, match="run `make eval` first"):
        write_report(synthetic.recipe_for(tmp_path), tmp_path)
    (tmp_path / "metrics.json").write_text('{"format": 0}')
    with pytest.raises(NegjudgeError, match="another version"):
        write_report(synthetic.recipe_for(tmp_path), tmp_path)


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
